/** Accessibility in the light theme, on a desktop. */
import { testEveryPage } from "./axe-pages.ts";

testEveryPage("light", 1280);
