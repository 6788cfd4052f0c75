/** Takes known secrets out of any text before it reaches a log, a message or a page. */

/** Shorter strings would blank out ordinary words. */
const MIN_SECRET_LENGTH = 4;
const MASK = "[redacted]";

export type Redactor = {
  /** Remembers secrets, in the forms in which they leak: plain, base64, URL-encoded, JSON-escaped. */
  add(...secrets: (string | null | undefined)[]): void;
  redact(text: string): string;
};

export function createRedactor(): Redactor {
  const known = new Set<string>();
  let pattern: RegExp | null = null;
  return {
    add(...secrets) {
      const before = known.size;
      for (const secret of secrets) {
        if (!secret || secret.length < MIN_SECRET_LENGTH) continue;
        for (const form of leakForms(secret)) known.add(form);
      }
      if (known.size !== before) pattern = compile(known);
    },
    redact(text) {
      const clean = pattern ? text.replace(pattern, MASK) : text;
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

function compile(secrets: Set<string>): RegExp {
  const longestFirst = [...secrets].sort((a, b) => b.length - a.length);
  return new RegExp(longestFirst.map((s) => s.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|"), "g");
}
