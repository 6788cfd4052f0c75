/** Time zones from the system's tables. Intl gives the same answers, but keeps more than 6 MB in memory. RFC 9636. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createZone, isZone, type Zone } from "../../shared/time/zone.ts";
import { PLATFORM } from "./platform.ts";
import { type PosixRule, readPosixRule } from "./zoneinfo-rule.ts";

const FOLDER = "/usr/share/zoneinfo";
const NAME = /^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/;
const HEADER_BYTES = 44;

/** The zone with that name, read by Intl where the system has no tables. An unknown name counts as UTC. */
export function openZone(name: string, folder = FOLDER): Zone {
  if (name === "UTC") return createZone(name, () => 0);
  const table = findTable(name, folder);
  return table === null ? createZone(name) : createZone(name, (at) => 1000 * offsetOf(table, Math.floor(at / 1000)));
}

export function knowsZone(name: string): boolean {
  return name === "UTC" || findTable(name, FOLDER) !== null || isZone(name);
}

/**
 * The name for a program that reads the system's tables itself; null where it would find none and silently use
 * UTC, or does not read them (Windows).
 */
export function zoneForPrograms(name: string): string | null {
  if (PLATFORM.os !== "linux") return null;
  return name === "UTC" || findTable(name, FOLDER) !== null ? name : null;
}

/** Times and offsets in seconds. */
type Table = {
  /** Changes, rising. */
  times: Float64Array;
  /** The offset from each change on. */
  offsets: Int32Array;
  before: number;
  /** For all times after the last change. */
  rule: PosixRule | null;
};

function findTable(name: string, folder: string): Table | null {
  if (PLATFORM.os !== "linux" || !NAME.test(name)) return null;
  try {
    return readTable(readFileSync(join(folder, name)));
  } catch {
    return null;
  }
}

/** null when it is not a table of version 2 or later. */
function readTable(file: Buffer): Table | null {
  if (file.toString("latin1", 0, 4) !== "TZif" || file[4]! < "2".charCodeAt(0)) return null;
  const second = HEADER_BYTES + bodyBytes(countsAt(file, 0), 4);
  const counts = countsAt(file, second);
  const body = second + HEADER_BYTES;
  const kinds = body + counts.times * 8;
  const types = kinds + counts.times;
  const offset = (type: number) => file.readInt32BE(types + 6 * type);
  const times = new Float64Array(counts.times);
  const offsets = new Int32Array(counts.times);
  for (let at = 0; at < counts.times; at++) {
    times[at] = Number(file.readBigInt64BE(body + 8 * at));
    offsets[at] = offset(file[kinds + at]!);
  }
  const footer = file.toString("latin1", body + bodyBytes(counts, 8)).trim();
  return { times, offsets, before: offset(0), rule: readPosixRule(footer) };
}

function countsAt(file: Buffer, header: number) {
  const [utc, standard, leaps, times, types, chars] = [0, 1, 2, 3, 4, 5].map((n) =>
    file.readUInt32BE(header + 20 + 4 * n),
  ) as [number, number, number, number, number, number];
  return { utc, standard, leaps, times, types, chars };
}

function bodyBytes({ utc, standard, leaps, times, types, chars }: ReturnType<typeof countsAt>, word: number): number {
  return times * (word + 1) + types * 6 + chars + leaps * (word + 4) + standard + utc;
}

function offsetOf({ times, offsets, before, rule }: Table, second: number): number {
  const last = times.length - 1;
  if (last < 0 || second >= times[last]!) return rule ? rule.offset(second) : (offsets[last] ?? before);
  if (second < times[0]!) return before;
  let from = 0;
  let to = last;
  while (to - from > 1) {
    const middle = (from + to) >> 1;
    if (times[middle]! <= second) from = middle;
    else to = middle;
  }
  return offsets[from]!;
}
