/** Versions of the agent's systemd unit, and what a host goes without whose unit is older. Only the installer changes a unit. */

/** Written into the unit as `RM_UNIT_VERSION`. Raise it whenever the unit changes, and say below what is new. */
export const UNIT_VERSION = 2;

/** Units from before they had a version. */
export const UNVERSIONED_UNIT = 1;

/** What came with which version. */
const GAINS = {
  survives_oom: 2,
  restores_attributes: 2,
  restore_folder: 2,
  rolls_back: 2,
} as const;
export type UnitLack = keyof typeof GAINS;

/** Follows "It cannot". */
const IN_WORDS: Record<UnitLack, string> = {
  survives_oom: "keep the agent running when Linux ends restic for want of memory",
  restores_attributes: "restore set-group-ID bits and device files",
  restore_folder: "restore into /root/rm-restore after that folder was deleted",
  rolls_back: "bring the previous agent back after a failed update",
};

/** "It cannot do this, that or a third." */
export function unitLacksInWords(lacks: readonly UnitLack[]): string {
  const words = lacks.map((lack) => IN_WORDS[lack]);
  const last = words.pop() ?? "";
  return `It cannot ${words.length > 0 ? `${words.join(", ")} or ` : ""}${last}.`;
}

/** What a unit of this version lacks; nothing for the newest, or for one from the future. */
export function unitLacks(version: number): UnitLack[] {
  return (Object.keys(GAINS) as UnitLack[]).filter((lack) => GAINS[lack] > version);
}
