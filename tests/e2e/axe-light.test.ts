/** Access in the light theme, on a desk. */
import { testEveryPage } from "./axe-pages.ts";

testEveryPage("light", 1280);
