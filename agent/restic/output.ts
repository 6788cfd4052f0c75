/** Parses restic's output line by line: JSON where it is JSON, otherwise text. Pure, never throws. */
import * as v from "valibot";
import {
  type BackupError,
  type BackupStatus,
  type BackupSummary,
  type BackupVerboseStatus,
  backupError,
  backupStatus,
  backupSummary,
  backupVerboseStatus,
} from "../../shared/restic/backup.ts";
import { type ExitError, exitError, initialized } from "../../shared/restic/repository.ts";
import { type Node, node } from "../../shared/restic/snapshots.ts";

export type ResticLine =
  | { is: "status"; status: BackupStatus }
  | { is: "file"; file: BackupVerboseStatus }
  | { is: "error"; error: BackupError }
  | { is: "summary"; summary: BackupSummary }
  | { is: "initialized"; id: string }
  | { is: "node"; node: Node }
  | { is: "exit_error"; exitError: ExitError }
  /** JSON unknown to this agent. */
  | { is: "other"; text: string }
  | { is: "text"; text: string };

/** restic clears the line before some messages even without a terminal. */
const TERMINAL_CODES = /\u001b\[[0-9;]*[A-Za-z]/g;

export function readLine(line: string): ResticLine {
  if (!line.startsWith("{")) return { is: "text", text: cleanText(line) };
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return { is: "text", text: cleanText(line) };
  }
  return readJson(json) ?? { is: "other", text: cleanText(line) };
}

export function cleanText(line: string): string {
  return line.replace(TERMINAL_CODES, "").replace(/^\r+/, "").trimEnd();
}

/** `github.com/restic/restic/internal/repository.(*Repository).LoadBlob`, and below it the file with its line. */
const STACK_LINE =
  /^(?:(?:github\.com|golang\.org|gopkg\.in|main|runtime|net|os|sync|syscall)[./][\w./*()-]*(?:\(\.\.\.\))?|\s+\S+\.(?:go|s):\d+(?: \+0x[0-9a-f]+)?|goroutine \d+ \[.*\]:)$/;

/** Whether a line belongs to a stack trace of restic, which helps nobody. */
export function isStackLine(line: string): boolean {
  return STACK_LINE.test(line);
}

/** A message of several lines without Go's stack trace. */
export function withoutStack(message: string): string {
  return message
    .split("\n")
    .filter((line) => !isStackLine(line))
    .join("\n")
    .trim();
}

/** The whole of stdout as one value; null when it is not JSON or not of that form. */
export function readWhole<S extends v.GenericSchema>(schema: S, stdout: string): v.InferOutput<S> | null {
  try {
    const result = v.safeParse(schema, JSON.parse(stdout));
    return result.success ? result.output : null;
  } catch {
    return null;
  }
}

function readJson(json: unknown): ResticLine | null {
  if (typeof json !== "object" || json === null || !("message_type" in json)) return null;
  switch (json.message_type) {
    case "status":
      return parsed(backupStatus, json, (status) => ({ is: "status", status }));
    case "verbose_status":
      return parsed(backupVerboseStatus, json, (file) => ({ is: "file", file }));
    case "error":
      // `check` has its own form of it.
      if ("message" in json) return null;
      return parsed(backupError, json, (error) => ({ is: "error", error }));
    case "summary":
      return parsed(backupSummary, json, (summary) => ({ is: "summary", summary }));
    case "initialized":
      return parsed(initialized, json, ({ id }) => ({ is: "initialized", id }));
    case "node":
      return parsed(node, json, (found) => ({ is: "node", node: found }));
    case "exit_error":
      return parsed(exitError, json, (found) => ({
        is: "exit_error",
        exitError: { ...found, message: withoutStack(found.message) },
      }));
    default:
      return null;
  }
}

function parsed<S extends v.GenericSchema>(
  schema: S,
  json: unknown,
  make: (value: v.InferOutput<S>) => ResticLine,
): ResticLine | null {
  const result = v.safeParse(schema, json);
  return result.success ? make(result.output) : null;
}
