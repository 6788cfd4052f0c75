/** Sizes, durations and counts in words, for job logs. */

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** `2.9 MiB`, `412.3 GiB`, `56 B` */
export function bytesInWords(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return unit === 0 ? `${value} B` : `${value.toFixed(value < 10 ? 2 : 1)} ${UNITS[unit]}`;
}

/** `0.7 s`, `5 min 28 s`, `1 h 7 min` */
export function durationInWords(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.floor((ms % 60_000) / 1000)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `1 file`, `12,345 files` */
export function countOf(count: number, noun: string, plural = `${noun}s`): string {
  return `${grouped(count)} ${count === 1 ? noun : plural}`;
}

/** `12,345` */
export function grouped(count: number): string {
  // Not `toLocaleString`, which would keep 3 MB of the executable in memory.
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Never longer than `max` characters; a cut text is marked. */
export function clip(text: string, max: number): string {
  if (text.length <= max) return text;
  const mark = "… [cut]";
  const end = max - mark.length;
  const whole = /[\ud800-\udbff]/.test(text[end - 1] ?? "") ? end - 1 : end;
  return `${text.slice(0, whole)}${mark}`;
}
