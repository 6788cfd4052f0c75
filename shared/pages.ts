/** What server and pages agree on besides the data of a page: forms that come back, messages, addresses of files. */

/** What a refused form needs to come back: the typed values and a sentence for each wrong field. */
export type FormState = {
  values: Record<string, string | undefined>;
  errors: Record<string, string | undefined>;
  /** A refusal that belongs to no single field. */
  message?: string | undefined;
  /** What the form was filled from has been saved anew by somebody else. */
  conflict?: Conflict | undefined;
};

/** A field that two people changed; `same` entries of a list are in both. */
export type Collision = {
  name: string;
  label: string;
  theirs: readonly string[];
  yours: readonly string[];
  same: number;
};

export type Conflict = {
  /** Who saved and when: "Anna saved this today 12:40". */
  words: string;
  /** The page anew, with what is stored. */
  href: string;
  both: readonly Collision[];
  /** Labels of what only the other changed: the form has it already. */
  taken: readonly string[];
};

export const emptyForm: FormState = { values: {}, errors: {} };

/** Content-hashed addresses of what the page about the REST interface loads. */
export type ApiDocsUrls = { styles: string; library: string; script: string };

/** Content-hashed addresses of everything the page loads; made by `server/http/assets.ts`. */
export type AssetUrls = {
  styles: string;
  script: string;
  jobScript: string;
  icon: string;
  fonts: readonly string[];
};

/** A message that is shown once: on the next page, or at once through the `HX-Trigger` header. */
export type Toast = { tone: "ok" | "warning" | "failed"; text: string; link?: { href: string; label: string } };

/** Preferences that the browser keeps in cookies, so that the first paint is right. */
export type Preferences = { theme: "light" | "dark" | null; live: boolean };
