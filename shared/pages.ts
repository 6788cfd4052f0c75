/** Types that server and pages share besides page data: refused forms, toasts, asset addresses, preferences. */

/** What a refused form needs to be shown again: the typed values and a sentence for each invalid field. */
export type FormState = {
  values: Record<string, string | undefined>;
  errors: Record<string, string | undefined>;
  /** A refusal that does not belong to a single field. */
  message?: string | undefined;
  /** Set when somebody else saved the record after the form was loaded. */
  conflict?: Conflict | undefined;
};

/** A field that two people changed. List entries marked `same` are in both versions. */
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
  /** Reloads the page with the stored values. */
  href: string;
  both: readonly Collision[];
  /** Labels of the fields that only the other person changed. The form already shows them. */
  taken: readonly string[];
};

export const emptyForm: FormState = { values: {}, errors: {} };

/** Content-hashed addresses of what the API documentation page loads. */
export type ApiDocsUrls = { styles: string; library: string; script: string };

/** Content-hashed addresses of everything that pages load, made by `server/http/assets.ts`. */
export type AssetUrls = {
  styles: string;
  script: string;
  jobScript: string;
  icon: string;
  fonts: readonly string[];
};

/** A message that is shown once: on the next page, or immediately through the `HX-Trigger` header. */
export type Toast = { tone: "ok" | "warning" | "failed"; text: string; link?: { href: string; label: string } };

/** Preferences stored in cookies, so that the first paint is right. */
export type Preferences = { theme: "light" | "dark" | null; live: boolean };
