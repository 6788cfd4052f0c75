/** The repos of a host: one is primary, and others can be added, renamed and removed. */
import type { Db } from "../../db/open.ts";
import { findHost, refreshRepoProjections } from "../../db/queries/hosts.ts";
import { findRepo, listReposOfHost, updateRepo } from "../../db/queries/repos.ts";
import {
  listOwnRepoIds,
  listSourceGroups,
  listTargetRepoIds,
  updateSourceGroup,
} from "../../db/queries/source-groups.ts";
import type { RepoRow } from "../../db/schema/repos.ts";
import { inTransaction } from "../../db/transaction.ts";
import type { Clock } from "../../shared/time/clock.ts";
import { badInput, notFound, Refusal } from "../http/errors.ts";
import { type Actor, writeAudit } from "../runtime/audit.ts";
import type { FactBus } from "../runtime/facts.ts";
import type { RepoInput } from "./address.ts";
import type { Credentials } from "./credentials.ts";
import { type Generated, insertNewRepo, readNewRepo } from "./new-repo.ts";

type Compression = RepoRow["compression"];
export type AddRepoInput = RepoInput & { name: string; compression?: Compression | undefined };
export type RepoChange = {
  name?: string | undefined;
  is_primary?: true | undefined;
  compression?: Compression | undefined;
};

export type Repos = {
  /** @throws Refusal 400 with fields, 404, 409 `host_archived` */
  add(actor: Actor, hostId: string, input: AddRepoInput): Promise<{ repo: RepoRow; generated: Generated }>;
  /** @throws Refusal 400 with fields, 404, 409 `host_archived` */
  change(actor: Actor, repoId: string, input: RepoChange): RepoRow;
  /** Never the primary repo, or one that a group is backed up into. @throws Refusal 400, 404, 409 `primary_repo`, `repo_in_use` */
  remove(actor: Actor, repoId: string, confirm: string): void;
};

const NAME = /^[A-Za-z0-9][A-Za-z0-9._ -]{0,63}$/;
const MOST_REPOS = 20;

export function createRepos(deps: { db: Db; clock: Clock; bus: FactBus; credentials: Credentials }): Repos {
  const { db, clock, bus, credentials } = deps;
  const getHost = (hostId: string) => {
    const host = findHost(db, hostId);
    if (!host) throw notFound("host");
    if (host.archivedAt !== null)
      throw new Refusal(409, "host_archived", `${host.name} is archived, so its repos cannot be changed.`);
    return host;
  };
  const getRepo = (repoId: string) => {
    const repo = findRepo(db, repoId);
    if (!repo || repo.removedAt !== null) throw notFound("repo");
    return { repo, host: getHost(repo.hostId) };
  };
  const nameProblem = (hostId: string, name: string, except: string | null): string | null => {
    if (!NAME.test(name)) return "Use up to 64 letters, digits, dots, dashes, underscores and spaces.";
    const taken = listReposOfHost(db, hostId).some(
      (one) => one.id !== except && one.name.toLowerCase() === name.toLowerCase(),
    );
    return taken ? "This host already has a repo with that name." : null;
  };
  const audit = (actor: Actor, action: string, repo: RepoRow, payload: Record<string, unknown>) =>
    writeAudit(db, clock.now(), { actor, action, target: { kind: "repo", id: repo.id, name: repo.name }, payload });
  const publish = (repo: RepoRow) => {
    bus.publish("state.changed", { hostId: repo.hostId });
    bus.publish("repo.changed", { repoId: repo.id, hostId: repo.hostId });
    bus.publish("host.changed", { hostId: repo.hostId });
  };

  return {
    async add(actor, hostId, { name: typed, compression, ...input }) {
      const host = getHost(hostId);
      const name = typed.trim();
      const others = listReposOfHost(db, hostId);
      const read = await readNewRepo(input, host.name);
      const fields: Record<string, string> = read.ok ? {} : { ...read.fields };
      const problem = nameProblem(hostId, name, null);
      if (problem) fields["name"] = problem;
      if (read.ok && others.some((one) => one.url === read.cargo.credential.url))
        fields["url"] = "This host already has a repo at that address.";
      if (Object.keys(fields).length > 0 || !read.ok) throw badInput(fields);
      if (others.length >= MOST_REPOS)
        throw new Refusal(409, "too_many_repos", `A host can have at most ${MOST_REPOS} repos.`);
      const row = {
        hostId,
        name,
        isPrimary: others.length === 0,
        compression: compression ?? "auto",
        cargo: read.cargo,
      };
      const repo = inTransaction(db, () => {
        const id = insertNewRepo({ db, credentials }, row, clock.now());
        const made = findRepo(db, id) as RepoRow;
        audit(actor, "repo.added", made, { host: host.name, kind: made.kind, url: made.url });
        return made;
      });
      publish(repo);
      return { repo, generated: read.generated };
    },
    change(actor, repoId, input) {
      const { repo } = getRepo(repoId);
      const name = input.name?.trim() ?? repo.name;
      const problem = name === repo.name ? null : nameProblem(repo.hostId, name, repo.id);
      if (problem) throw badInput({ name: problem });
      const becomesPrimary = input.is_primary === true && !repo.isPrimary;
      const compression = input.compression ?? repo.compression;
      const changed = inTransaction(db, () => {
        const now = clock.now();
        if (becomesPrimary) {
          // Another repo may hold other snapshots, so the next forget counts as the first one again.
          for (const group of listSourceGroups(db, repo.hostId))
            if (listOwnRepoIds(db, group.id).length === 0)
              updateSourceGroup(db, group.id, { retentionSettledAt: null });
          for (const other of listReposOfHost(db, repo.hostId))
            if (other.isPrimary) updateRepo(db, other.id, { isPrimary: false, updatedAt: now });
        }
        updateRepo(db, repo.id, {
          name,
          compression,
          isPrimary: repo.isPrimary || becomesPrimary,
          updatedAt: now,
        });
        audit(actor, "repo.changed", repo, {
          ...(name === repo.name ? {} : { name }),
          ...(becomesPrimary ? { is_primary: true } : {}),
          ...(compression === repo.compression ? {} : { compression }),
        });
        return findRepo(db, repo.id) as RepoRow;
      });
      publish(changed);
      return changed;
    },
    remove(actor, repoId, confirm) {
      const { repo, host } = getRepo(repoId);
      if (confirm.trim() !== host.name) throw badInput({ confirm: `Type ${host.name} to confirm.` });
      if (repo.isPrimary)
        throw new Refusal(
          409,
          "primary_repo",
          `${repo.name} is the primary repo of ${host.name}. Make another repo the primary one first.`,
        );
      const users = listSourceGroups(db, host.id).filter((group) => listTargetRepoIds(db, group).includes(repo.id));
      if (users.length > 0)
        throw new Refusal(
          409,
          "repo_in_use",
          `${users.map(({ name }) => name).join(", ")} ${users.length === 1 ? "is" : "are"} backed up into ${repo.name}. Choose other repos there first.`,
        );
      inTransaction(db, () => {
        const now = clock.now();
        updateRepo(db, repo.id, { removedAt: now, maintenanceEnabled: false, updatedAt: now });
        refreshRepoProjections(db, host.id);
        audit(actor, "repo.removed", repo, { host: host.name, url: repo.url });
      });
      publish(repo);
    },
  };
}
