/** Finds answers that no route declares in a server's log, even if a test did not check the status. */
import { UNDECLARED } from "../../server/http/check-answers.ts";

/** @throws with the lines of the log */
export function throwIfUndeclared(log: string): void {
  const found = log.split("\n").filter((line) => line.includes(UNDECLARED));
  if (found.length > 0) throw new Error(found.join("\n"));
}
