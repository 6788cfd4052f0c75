// Command: fetches all tools (or those named) into the cache and prints where each one is.
import { TOOL_NAMES, type ToolName, toolOrNull } from "./tools.ts";

const asked = process.argv.slice(2) as ToolName[];
for (const name of asked.length > 0 ? asked : TOOL_NAMES) {
  const started = performance.now();
  const path = await toolOrNull(name);
  if (path) console.log(`${name.padEnd(20)} ${path}  (${Math.round(performance.now() - started)} ms)`);
}
