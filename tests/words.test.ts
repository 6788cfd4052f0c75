/** The glossary: phrases that no text of ours may use, each with the words to use instead. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "..");
const FOLDERS = ["ui", "server", "agent", "shared", "db", "install", "docs"];

/** Multi-word phrases hit texts and comments only: no identifier contains a space. Whitespace in texts is normalised first. */
const BANNED: readonly (readonly [phrase: RegExp, instead: string])[] = [
  [/\bparted by\b/i, "comma-separated, space-separated"],
  [/["'`>] ?Empty: /, "Leave empty to …"],
  [/[.;] Empty: /, "Leave empty to …"],
  [/\bhow it is called\b|\bis called (here|like)\b|\bcalled like that\b/i, "name, display name; No matches"],
  [/\bfor a yes\b|\ba yes before\b|\bgives? a yes\b/i, "awaiting confirmation"],
  [/\blet (them|these snapshots|those) go\b|\blook and agree\b/i, "remove snapshots; review"],
  [/\btold by\b|\bnobody is told\b/i, "reported by; nobody is notified"],
  [/\b(does|do|did) not get through\b/i, "could not be sent"],
  [/\bunheard of\b/i, "silent for"],
  [/\b(made|makes?|making) up for\b|\bslept through\b/i, "missed runs are caught up"],
  [/\bstolen hosts?\b/i, "compromised host"],
  [/\b(mend|mends|mended)\b/i, "fix, repair"],
  [/\bwhile you were at it\b/i, "while you were editing"],
  [/\bshut out\b/i, "has no access, loses access"],
  [/\bhosts?-to-be\b/i, "new host"],
  [/\bunder way already\b/i, "already queued or running"],
  [/\bfirst wait\b|\btries again:/i, "initial delay; retries"],
  [/\bgo(es)? on (as before|by (itself|themselves))\b/i, "continues"],
  [/\banew\b/i, "again"],
  [/\bfor so long\b/i, "for that long"],
  [/\bone (types|scrolls|presses|agrees|reads|looks)\b/i, "the user, or no subject at all"],
  [/\bby which (?:a|an|the|new|somebody|someone|rule)\b/i, "that, with which, how"],
  [/\bcom(e|es) to rest\b|\bpuzzle at\b|\blength beats\b|\bspeaks it\b/i, "plain words"],
  [/\bthe manager(’s|'s| itself)/i, "this server, the server database"],
];

/** Texts as read: comment marks, JSX spaces and line breaks become single spaces. */
function readable(text: string): string {
  return text
    .replace(/\{" "\}/g, " ")
    .replace(/^[ \t]*(?:\/\/|\*|#)[ \t]?/gm, "")
    .replace(/\s+/g, " ");
}

function textsBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(tsx?|css|md|sh|service|html)$/.test(name) && !/\.test\.tsx?$/.test(name))
    .map((name) => `${folder}/${name}`);
}

const paths = [...FOLDERS.flatMap(textsBelow), "README.md"];

test("there are texts to look at", () => {
  expect(paths.length).toBeGreaterThan(100);
});

test("no text uses a phrase that the glossary bans", () => {
  const found = paths.flatMap((path) => {
    const text = readable(readFileSync(join(ROOT, path), "utf8"));
    return BANNED.flatMap(([phrase, instead]) => {
      const hit = phrase.exec(text);
      if (!hit) return [];
      const place = text.slice(Math.max(0, hit.index - 30), hit.index + hit[0].length + 30);
      return [`${path}: “…${place}…”; instead: ${instead}`];
    });
  });
  expect(found).toEqual([]);
});
