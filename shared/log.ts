/** The log of server and agent: one redacted line per event, as text for a terminal or JSON for machines. */

import type { Redactor } from "./redact.ts";
import type { Clock } from "./time/clock.ts";

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogFields = Record<string, string | number | boolean | null | undefined>;

export type Log = {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
};

export type LogOptions = {
  level: LogLevel;
  format: "text" | "json";
  clock: Clock;
  redactor: Redactor;
  write(line: string): void;
};

export function createLog({ level, format, clock, redactor, write }: LogOptions): Log {
  const least = LOG_LEVELS.indexOf(level);
  const at =
    (own: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      if (LOG_LEVELS.indexOf(own) < least) return;
      const time = new Date(clock.now()).toISOString();
      const line =
        format === "json"
          ? safeJson({ time, level: own, message, ...fields })
          : escapeControls(`${time} ${own.padEnd(5)} ${message}${fieldsAsText(fields)}`);
      write(redactor.redact(line));
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** Control characters except tab, line separators, and characters that change the text direction. */
const UNSAFE = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Makes text safe for a terminal: control characters become visible escapes. */
export function escapeControls(text: string): string {
  return text.replace(UNSAFE, (c) => {
    const code = c.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code.padStart(4, "0")}` : `\\x${code.padStart(2, "0")}`;
  });
}

/** JSON on one line, safe for a terminal too. Parsing it gives the same value. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replace(UNSAFE, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function fieldsAsText(fields: LogFields): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(
      ([key, value]) => ` ${key}=${typeof value === "string" && /[\s"]/.test(value) ? JSON.stringify(value) : value}`,
    )
    .join("");
}
