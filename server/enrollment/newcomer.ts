/** Checks what a person entered about a new host, generates missing passwords, and creates its rows. */
import type { Db } from "../../db/open.ts";
import {
  findHostByTokenHash,
  findLiveHostByName,
  findRevokedToken,
  insertHost,
  listLiveHosts,
} from "../../db/queries/hosts.ts";
import { newId } from "../../shared/ids.ts";
import type { Os } from "../../shared/patterns.ts";
import type { AnnounceRequest } from "../../shared/protocol/enrollment.ts";
import type { Clock } from "../../shared/time/clock.ts";
import { isZone } from "../../shared/time/zone.ts";
import { checkTags, hostNameProblem } from "../hosts/rules.ts";
import { badInput, Refusal } from "../http/errors.ts";
import type { RepoInput } from "../repos/address.ts";
import type { Credentials } from "../repos/credentials.ts";
import { type Cargo, type Generated, insertNewRepo, readNewRepo } from "../repos/new-repo.ts";
import type { Schedules } from "../schedules/schedules.ts";
import type { SourceGroups } from "../source-groups/groups.ts";
import { cleanLines, includesProblem } from "../source-groups/patterns.ts";

/** The limit of a source group. */
const MOST_INCLUDES = 1000;
const LONGEST_PATH = 4096;

export type NewcomerInput = {
  host_name: string;
  tags: readonly string[];
  includes: readonly string[];
  backup_now: boolean;
  repo: RepoInput;
};

/** Ready to be stored: with an enrolment token until its machine connects, or at once for a pending machine. */
export type Newcomer = {
  hostName: string;
  tags: string[];
  includes: string[];
  backupNow: boolean;
  cargo: Cargo | null;
};

/** What a machine reports about itself. */
export type Machine = Omit<AnnounceRequest, "public_key">;

/**
 * Checks all fields, and generates the passwords that were left empty.
 * @param extra problems that the caller has already found
 * @param os the machine's system, when it is known. Until then paths of both systems are accepted, and the host reports those that it cannot use
 * @throws Refusal 400 with fields
 */
export async function readNewcomer(
  input: NewcomerInput,
  { extra = {}, os = null }: { extra?: Record<string, string>; os?: Os | null } = {},
): Promise<{ newcomer: Newcomer & { cargo: Cargo }; generated: Generated }> {
  const hostName = input.host_name.trim();
  const { fields, tags } = checkInput(input, os);
  const read = await readNewRepo(input.repo, hostName);
  const errors = { ...fields, ...extra, ...(read.ok ? {} : prefixed(read.fields)) };
  if (Object.keys(errors).length > 0 || !read.ok) throw badInput(errors);
  const { cargo, generated } = read;
  return {
    newcomer: { hostName, tags, includes: cleanLines(input.includes), backupNow: input.backup_now, cargo },
    generated,
  };
}

export type CreateHostDeps = {
  db: Db;
  clock: Clock;
  credentials: Credentials;
  groups: SourceGroups;
  schedules: Schedules;
};

/** Inside the caller's transaction. @throws Refusal 409 `name_taken`, `agent_token_taken` */
export function createHost(
  { db, clock, credentials, groups, schedules }: CreateHostDeps,
  { hostName, tags, includes, backupNow, cargo }: Newcomer,
  machine: Machine & { agent_token_hash: string },
  ip: string,
): string {
  if (findLiveHostByName(db, hostName)) throw nameTaken(hostName);
  checkAgentToken(db, machine.agent_token_hash, null);
  const now = clock.now();
  const hostId = newId();
  insertHost(db, {
    id: hostId,
    name: hostName,
    resticHost: freeResticHost(db, hostName),
    ...machineOf(machine),
    tags,
    roaming: machine.roaming_hint,
    tokenHash: machine.agent_token_hash,
    enrolledAt: now,
    enrolledFromIp: ip,
    capabilities: [],
    stateVersion: 1,
    stateErrors: [],
    driftSince: now,
    backupWhenReady: backupNow,
    createdAt: now,
    updatedAt: now,
  });
  if (cargo) insertNewRepo({ db, credentials }, { hostId, name: "main", isPrimary: true, cargo }, now);
  const group = groups.createDefault(hostId, machine.os, includes);
  schedules.createDefault(hostId, group.id);
  return hostId;
}

/** Another live host may have had this name when it was enrolled. In a shared repository their snapshots would be mixed up. */
function freeResticHost(db: Db, name: string): string {
  const taken = new Set(listLiveHosts(db).map(({ resticHost }) => resticHost.toLowerCase()));
  for (let n = 1; ; n++) {
    const wanted = n === 1 ? name : `${name}-${n}`;
    if (!taken.has(wanted.toLowerCase())) return wanted;
  }
}

/**
 * An agent token identifies one host. If it belongs to another host or was revoked, the sender is a copy or has a bug.
 * @param hostId the host that enrols again; null for a new one
 * @throws Refusal 409 `agent_token_taken`
 */
export function checkAgentToken(db: Db, tokenHash: string, hostId: string | null): void {
  const owner = findHostByTokenHash(db, tokenHash);
  if ((owner === null || owner.id === hostId) && !findRevokedToken(db, tokenHash)) return;
  const message =
    "The agent's own token belongs to another host here, or was revoked. If this machine is a copy of another one, delete enrolling.json and announcing.json in the agent's configuration folder, then enrol it again.";
  throw new Refusal(409, "agent_token_taken", message);
}

/** The columns of a host that come from its machine. */
export function machineOf(machine: Machine) {
  return {
    machineId: machine.machine_id,
    os: machine.os,
    arch: machine.arch,
    hostname: machine.hostname,
    agentVersion: machine.agent_version,
    resticVersion: machine.restic_version,
    protocolVersion: machine.protocol_version,
    timezone: isZone(machine.timezone) ? machine.timezone : "UTC",
  };
}

export function nameTaken(name: string): Refusal {
  const message = `There is already a host named ${name}.`;
  return new Refusal(409, "name_taken", message, { host_name: message });
}

function checkInput(input: NewcomerInput, os: Os | null): { fields: Record<string, string>; tags: string[] } {
  const fields: Record<string, string> = {};
  const nameProblem = hostNameProblem(input.host_name.trim());
  if (nameProblem) fields["host_name"] = nameProblem;
  const tags = checkTags(input.tags);
  if (!tags.ok) fields["tags"] = tags.message;
  const bad = includesProblem(input.includes, os);
  if (input.includes.length > MOST_INCLUDES) fields["includes"] = `Enter at most ${MOST_INCLUDES} paths.`;
  else if (input.includes.some((path) => path.length > LONGEST_PATH || /[\u0000-\u001f\u007f]/.test(path.trim())))
    fields["includes"] = `A path can have at most ${LONGEST_PATH} characters and no control characters.`;
  else if (bad !== null) fields["includes"] = bad;
  return { fields, tags: tags.ok ? tags.tags : [] };
}

function prefixed(fields: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([name, text]) => [`repo.${name}`, text]));
}
