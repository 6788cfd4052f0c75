/** Versions of the agent's systemd unit, and what a host with an older unit cannot do. */

/** Written into the unit as `RM_UNIT_VERSION`. Only the installer changes a unit. Raise it with every change, and add below what is new. */
export const UNIT_VERSION = 2;

/** Units written before they had a version. */
export const UNVERSIONED_UNIT = 1;

/** Which version added what. */
const GAINS = {
  survives_oom: 2,
  restores_attributes: 2,
  restore_folder: 2,
  rolls_back: 2,
} as const;
export type UnitLack = keyof typeof GAINS;

/** Follows "It cannot". */
const IN_WORDS: Record<UnitLack, string> = {
  survives_oom: "keep the agent running when Linux runs out of memory and kills restic",
  restores_attributes: "restore set-group-ID bits and device files",
  restore_folder: "restore into /root/rm-restore after that folder was deleted",
  rolls_back: "roll back to the previous agent after a failed update",
};

/** "It cannot do this, that or a third." */
export function unitLacksInWords(lacks: readonly UnitLack[]): string {
  const words = lacks.map((lack) => IN_WORDS[lack]);
  const last = words.pop() ?? "";
  return `It cannot ${words.length > 0 ? `${words.join(", ")} or ` : ""}${last}.`;
}

/** What a unit of this version lacks. Empty for the newest version and for newer ones. */
export function unitLacks(version: number): UnitLack[] {
  return (Object.keys(GAINS) as UnitLack[]).filter((lack) => GAINS[lack] > version);
}
