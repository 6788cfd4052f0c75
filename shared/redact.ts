/** Takes known secrets out of any text before it reaches a log, a message or a page. */

/** Shorter strings would blank out ordinary words. */
const MIN_SECRET_LENGTH = 4;
const MASK = "[redacted]";
/** A power of two. */
const START_HASHES = 2 ** 18;
/** Forms of secrets; a pattern of more takes longer to make and to match than the index. */
const MOST_IN_A_PATTERN = 200;

export type Redactor = {
  /** Remembers secrets, in the forms in which they leak: plain, base64, URL-encoded, JSON-escaped. */
  add(...secrets: (string | null | undefined)[]): void;
  redact(text: string): string;
};

/** One pattern while the secrets are few, as in an agent; an index of their first characters in the server of a large fleet. */
export function createRedactor(): Redactor {
  const known = new Set<string>();
  let mask: ((text: string) => string) | null = null;
  let index: SecretIndex | null = null;
  return {
    add(...secrets) {
      for (const secret of secrets) {
        if (!secret || secret.length < MIN_SECRET_LENGTH) continue;
        for (const form of leakForms(secret)) {
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
      const clean = mask(text);
      return clean.includes("://") ? redactUrlUserInfo(clean) : clean;
    },
  };
}

/** `rest:http://user:pw@host/` → `rest:http://host/`: an address without its user and password. */
export function redactUrlUserInfo(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/@"']*@/gi, "$1");
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
