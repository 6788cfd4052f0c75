/** Remembers which paths of a source group contained files when they were last backed up into a repo. */
import type { NoteKey } from "../../store/note-rows.ts";
import type { HeldBefore } from "./path-judge.ts";

export type SourceMemory = {
  find(groupId: string, repoId: string): HeldBefore;
  keep(groupId: string, repoId: string, held: HeldBefore): void;
};

type Notes = { find(key: NoteKey): string | null; set(key: NoteKey, value: string): void };

/** @param write writes to disk at once, or as soon as a full disk has space. */
export function createSourceMemory(notes: Notes, write: (work: () => void) => void): SourceMemory {
  const keyOf = (groupId: string, repoId: string): NoteKey => `held_files:${groupId}:${repoId}`;
  return {
    find: (groupId, repoId) => JSON.parse(notes.find(keyOf(groupId, repoId)) ?? "{}") as HeldBefore,
    keep(groupId, repoId, held) {
      const key = keyOf(groupId, repoId);
      const value = JSON.stringify(held);
      if (value !== notes.find(key)) write(() => notes.set(key, value));
    },
  };
}
