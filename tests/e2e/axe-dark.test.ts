/** Accessibility in the dark theme, on a phone. */
import { testEveryPage } from "./axe-pages.ts";

testEveryPage("dark", 390);
