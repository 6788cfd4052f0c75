// The script of every page: HTMX and enhancements. Pages work without it.
import "htmx.org/dist/htmx.esm.min.js";
import { startCopying } from "./copy.ts";
import { startFloats } from "./floats.ts";
import { startForms } from "./forms.ts";
import { startKeyboard, startStrips } from "./keyboard.ts";
import { startLive } from "./live.ts";
import { startPalette } from "./palette.ts";
import { startPreferences } from "./preferences.ts";
import { startTimes } from "./times.ts";
import { startToasts } from "./toasts.ts";

startPreferences();
startToasts();
startLive();
startTimes();
startFloats();
startForms();
startCopying();
startStrips();
const openPalette = startPalette();
startKeyboard(openPalette);
