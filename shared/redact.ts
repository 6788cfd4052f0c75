/** Takes known secrets out of any text before it reaches a log, a message or a page. */

/** Shorter ones are known in many texts by chance, and easily guessed anyway. */
const MIN_SECRET_LENGTH = 4;
/** A password of words that is shorter than this may stand in any path or sentence. */
const LONG_ENOUGH = 12;
const MASK = "[redacted]";
/** A power of two. */
const START_HASHES = 2 ** 18;
/** Forms of secrets; a pattern of more takes longer to make and to match than the index. */
const MOST_IN_A_PATTERN = 200;

export type Redactor = {
  /**
   * Remembers secrets, in the forms in which they leak: plain, base64, URL-encoded, JSON-escaped. One that is an ordinary
   * word is masked only where it stands as a value: in the environment, behind the name of a secret, in addresses.
   */
  add(...secrets: (string | null | undefined)[]): void;
  redact(text: string): string;
};

/** One pattern while the secrets are few, as in an agent; an index of their first characters in the server of a large fleet. */
export function createRedactor(): Redactor {
  const known = new Set<string>();
  /** Ordinary words among the secrets. */
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

/** `rest:http://user:pw@host/` → `rest:http://host/`: an address without its user and password. */
export function redactUrlUserInfo(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/@"']*@/gi, "$1");
}

/** Of the environment that opens a repository, what must not be seen: names of regions and accounts may. */
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

/** Whether paths and sentences may hold it by chance: short, of words and numbers. */
function isOrdinary(secret: string): boolean {
  if (secret.length >= LONG_ENOUGH || (secret.length >= 8 && secret.includes(" "))) return false;
  const isShort = secret.length < 6 && /^[\p{L}\p{N} _./\\-]+$/u.test(secret);
  return isShort || secret.split(/[ _./\\-]+/).every(isWord);
}

/** `Backup`, `photos2024`, `42`, `HomeLab`; not `kqzvb`, which nobody can speak. */
function isWord(part: string): boolean {
  if (/[bcdfghjklmnpqrstvwxz]{5}/i.test(part)) return false;
  return /^(\d*|(\p{L}|\p{Lu}+|(\p{Lu}?\p{Ll}{2,})+)\d*)$/u.test(part);
}

/** Upper-case names, as in the environment, and names of secrets, each with the value behind it. */
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

/** Case counts for the first kind only. */
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
  /** By their first characters; longest first, so that a secret which begins like another one is masked whole. */
  const byStart = new Map<string, string[]>();
  /** 1 where some secret begins with characters of that hash: spares nearly all positions the lookup. */
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

/** Of the four characters from `at` on. */
function startHash(text: string, at: number): number {
  const ahead = text.charCodeAt(at) * 31 + text.charCodeAt(at + 1);
  return ((ahead * 31 + text.charCodeAt(at + 2)) * 31 + text.charCodeAt(at + 3)) & (START_HASHES - 1);
}
