// The table row with the locks of a repository and whether one is stale.
import { MINUTE_MS } from "../../shared/time/clock.ts";
import { Verb } from "../components/button.tsx";
import { Badge } from "../components/status.tsx";
import { Ago } from "../components/time.tsx";
import { formatDuration, formatPlural } from "../format.ts";
import type { View } from "../view.ts";

export type LocksView = {
  /** Lock files in the repository. */
  count: number | null;
  /** How many of these are not in `locks`: beyond the first ten, or damaged. */
  unread: number;
  oldestAt: number | null;
  listedAt: number | null;
  /** Older than an hour while none of our jobs is running. */
  isStale: boolean;
  isJobRunning: boolean;
  locks: readonly { id: string; hostname: string; pid: number; at: number; exclusive: boolean }[];
};

export function LocksRow({
  locks,
  path,
  mayRun,
  view,
}: {
  locks: LocksView;
  path: string;
  mayRun: boolean;
  view: View;
}) {
  const { count, oldestAt } = locks;
  return (
    <tr id="m-locks">
      <td class="first">
        <b>Locks</b>
      </td>
      <td data-th="Cadence">
        {count === null ? "Not checked yet" : count === 0 ? "No locks" : formatPlural(count, "lock")}
        {locks.isJobRunning && count ? ", held by the running job" : ""}
        <small>
          {locks.locks.map((lock) => (
            <>
              <code>{lock.hostname}</code> process {lock.pid}
              {lock.exclusive ? ", exclusive" : ""}, <LockedSince at={lock.at} view={view} />
              <br />
            </>
          ))}
          {locks.unread > 0 ? `${formatPlural(locks.unread, "lock file")} could not be read` : null}
        </small>
      </td>
      <td data-th="Last">
        {isTorn(locks) ? (
          <>
            <Badge glyph="warning">damaged</Badge>
            <small>
              blocks jobs. Once no restic is using this repository, run <code>restic unlock --remove-all</code>
            </small>
          </>
        ) : locks.isStale && oldestAt !== null ? (
          <>
            <Badge glyph="warning">stale</Badge>
            <small>left by a killed restic, blocks forget and prune</small>
          </>
        ) : (
          <span class="t2">{count === null ? "–" : "none stale"}</span>
        )}
        {locks.listedAt === null ? null : (
          <small>
            checked <Ago at={locks.listedAt} view={view} />
          </small>
        )}
      </td>
      <td data-th="Next">
        <span class="t3">manual only</span>
      </td>
      <td class="num wide">
        {mayRun ? (
          <Verb action={`${path}/unlock`} csrf={view.csrf} icon="lock" small>
            Remove stale locks
          </Verb>
        ) : null}
      </td>
    </tr>
  );
}

/** The agent reads ten locks at most, so a missing one means damage only below that. */
function isTorn({ count, unread, locks }: LocksView): boolean {
  return unread > 0 && count !== null && locks.length < MOST_READ;
}

const MOST_READ = 10;
/** Tolerance for clock differences between machines. */
const AHEAD_MS = 5 * MINUTE_MS;

function LockedSince({ at, view }: { at: number; view: View }) {
  if (at <= view.now + AHEAD_MS) return <Ago at={at} view={view} />;
  return (
    <>
      dated {formatDuration(at - view.now)} in the future. That machine’s clock is wrong, and restic does not treat this
      lock as stale before then
    </>
  );
}
