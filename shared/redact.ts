/** Removes known secrets from text before it reaches a log, a message or a page. */

/** Shorter secrets occur in many texts by chance, and are easy to guess anyway. */
const MIN_SECRET_LENGTH = 4;
/** A shorter password made of words may occur in any path or sentence. */
const LONG_ENOUGH = 12;
const MASK = "[redacted]";
/** A power of two. */
const START_HASHES = 2 ** 18;
/** Forms of secrets. Above this, a pattern takes longer to build and match than the index. */
const MOST_IN_A_PATTERN = 200;

export type Redactor = {
  /**
   * Remembers secrets in the forms in which they leak: plain, base64, URL-encoded, JSON-escaped. A secret that is an
   * ordinary word is masked only where it is a value: in the environment, after the name of a secret, in an address.
   */
  add(...secrets: (string | null | undefined)[]): void;
  redact(text: string): string;
};

/** Uses one pattern while there are few secrets, as in an agent, and an index of first characters on the server of a large fleet. */
export function createRedactor(): Redactor {
  const known = new Set<string>();
  /** Secrets that are ordinary words. */
  const words = new Set<string>();
  let mask: ((text: string) => string) | null = null;
  let index: SecretIndex | null = null;
  return {
    add(...secrets) {
      for (const secret of secrets) {
        if (!secret || secret.length < MIN_SECRET_LENGTH) continue;
        for (const form of leakForms(secret)) {
          if (isOrdinary(form)) {
            words.add(form);
            continue;
          }
          if (known.has(form)) continue;
          known.add(form);
          index?.add(form);
          mask = null;
        }
      }
    },
    redact(text) {
      if (known.size > MOST_IN_A_PATTERN) index ??= indexOf(known);
      mask ??= index ? index.mask : maskByPattern(known);
      const clean = words.size > 0 ? maskValues(mask(text), words) : mask(text);
      return clean.includes("://") ? redactUrlUserInfo(clean) : clean;
    },
  };
}

/** Removes user and password from an address: `rest:http://user:pw@host/` → `rest:http://host/`. */
export function redactUrlUserInfo(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/@"']*@/gi, "$1");
}

/** The values of a repo's environment that must stay hidden. Names of regions and accounts may be shown. */
export function secretValues(env: Readonly<Record<string, string>>): string[] {
  return Object.entries(env).flatMap(([name, value]) => (PLAIN_NAMES.has(name) ? [] : [value]));
}

const PLAIN_NAMES = new Set([
  "AWS_DEFAULT_REGION",
  "AZURE_ACCOUNT_NAME",
  "GOOGLE_PROJECT_ID",
  "OS_AUTH_URL",
  "OS_REGION_NAME",
  "OS_TENANT_NAME",
  "ST_AUTH",
]);

/** Whether paths and sentences may contain it by chance: short, and made of words and numbers. */
function isOrdinary(secret: string): boolean {
  if (secret.length >= LONG_ENOUGH || (secret.length >= 8 && secret.includes(" "))) return false;
  const isShort = secret.length < 6 && /^[\p{L}\p{N} _./\\-]+$/u.test(secret);
  return isShort || secret.split(/[ _./\\-]+/).every(isWord);
}

/** `Backup`, `photos2024`, `42`, `HomeLab`. Not `kqzvb`, which cannot be pronounced. */
function isWord(part: string): boolean {
  if (/[bcdfghjklmnpqrstvwxz]{5}/i.test(part)) return false;
  return /^(\d*|(\p{L}|\p{Lu}+|(\p{Lu}?\p{Ll}{2,})+)\d*)$/u.test(part);
}

/** Upper-case names, as in the environment, and names of secrets, each with its value. */
const NAMED_VALUE =
  /((?:\b[A-Z][A-Z0-9_]+|(?:\b|_)(?:pass(?:word|wd|phrase)?|pwd|secret|token|key))["']?\s*[=:]\s*)("(?:[^"\\]|\\.)*"|'[^']*'|[^\s"',;}]+)/gi;

function maskValues(text: string, words: ReadonlySet<string>): string {
  return text.replace(NAMED_VALUE, (all: string, name: string, value: string) => {
    const quote = /^["']/.exec(value)?.[0] ?? "";
    const bare = quote ? value.slice(1, -1) : value;
    if (!words.has(bare) || !isNameOfValue(name)) return all;
    return `${name}${quote}${MASK}${quote}`;
  });
}

/** Only environment names are case-sensitive. */
function isNameOfValue(name: string): boolean {
  return /^[A-Z][A-Z0-9_]+["']?\s*[=:]/.test(name) || /(pass|pwd|secret|token|key)/i.test(name);
}

function leakForms(secret: string): string[] {
  return [
    secret,
    Buffer.from(secret, "utf8").toString("base64").replace(/=+$/, ""),
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
  ];
}

function maskByPattern(secrets: ReadonlySet<string>): (text: string) => string {
  if (secrets.size === 0) return (text) => text;
  const longestFirst = [...secrets].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(longestFirst.map((s) => s.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|"), "g");
  return (text) => text.replace(pattern, MASK);
}

type SecretIndex = { add(form: string): void; mask(text: string): string };

/** Finds tens of thousands of secrets in one pass over the text. */
function indexOf(secrets: ReadonlySet<string>): SecretIndex {
  /** By their first characters, longest first, so that a secret that starts with another one is masked whole. */
  const byStart = new Map<string, string[]>();
  /** 1 where some secret starts with characters of that hash. Saves the lookup at nearly every position. */
  const starts = new Uint8Array(START_HASHES);
  const index: SecretIndex = {
    add(form) {
      const start = form.slice(0, MIN_SECRET_LENGTH);
      const alike = byStart.get(start) ?? [];
      const shorter = alike.findIndex((other) => other.length < form.length);
      alike.splice(shorter < 0 ? alike.length : shorter, 0, form);
      byStart.set(start, alike);
      starts[startHash(form, 0)] = 1;
    },
    mask(text) {
      let clean = "";
      let from = 0;
      for (let at = 0; at <= text.length - MIN_SECRET_LENGTH; at++) {
        if (starts[startHash(text, at)] === 0) continue;
        const alike = byStart.get(text.slice(at, at + MIN_SECRET_LENGTH));
        const found = alike?.find((form) => text.startsWith(form, at));
        if (found === undefined) continue;
        clean += text.slice(from, at) + MASK;
        from = at + found.length;
        at = from - 1;
      }
      return from === 0 ? text : clean + text.slice(from);
    },
  };
  for (const secret of secrets) index.add(secret);
  return index;
}

/** Hash of the four characters from `at` on. */
function startHash(text: string, at: number): number {
  const ahead = text.charCodeAt(at) * 31 + text.charCodeAt(at + 1);
  return ((ahead * 31 + text.charCodeAt(at + 2)) * 31 + text.charCodeAt(at + 3)) & (START_HASHES - 1);
}
