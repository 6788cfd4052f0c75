// Who holds the repository now, and whether a lock was left behind.
import { MINUTE_MS } from "../../shared/clock.ts";
import { Verb } from "../components/button.tsx";
import { Badge } from "../components/status.tsx";
import { Ago } from "../components/time.tsx";
import { formatDuration, formatPlural } from "../format.ts";
import type { View } from "../view.ts";

export type LocksView = {
  /** Lock files in the repository. */
  count: number | null;
  /** Of these, not among `locks`: beyond the first ten, or damaged. */
  unread: number;
  oldestAt: number | null;
  listedAt: number | null;
  /** Older than an hour, and no job of ours runs. */
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
        {count === null ? "Not looked at yet" : count === 0 ? "No lock" : formatPlural(count, "lock")}
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
              jobs cannot work beside it: when no restic uses this repository, run{" "}
              <code>restic unlock --remove-all</code>
            </small>
          </>
        ) : locks.isStale && oldestAt !== null ? (
          <>
            <Badge glyph="warning">stale</Badge>
            <small>from a restic that was killed; it blocks forget and prune</small>
          </>
        ) : (
          <span class="t2">{count === null ? "–" : "none stale"}</span>
        )}
        {locks.listedAt === null ? null : (
          <small>
            looked at <Ago at={locks.listedAt} view={view} />
          </small>
        )}
      </td>
      <td data-th="Next">
        <span class="t3">only by hand</span>
      </td>
      <td class="num wide">
        {mayRun ? (
          <Verb action={`${path}/unlock`} csrf={view.csrf} icon="lock" small>
            Unlock stale
          </Verb>
        ) : null}
      </td>
    </tr>
  );
}

/** restic reads ten at most for us, so only below that a missing one says something. */
function isTorn({ count, unread, locks }: LocksView): boolean {
  return unread > 0 && count !== null && locks.length < MOST_READ;
}

const MOST_READ = 10;
/** Clocks of two machines differ by a little. */
const AHEAD_MS = 5 * MINUTE_MS;

function LockedSince({ at, view }: { at: number; view: View }) {
  if (at <= view.now + AHEAD_MS) return <Ago at={at} view={view} />;
  return (
    <>
      dated {formatDuration(at - view.now)} ahead: that machine's clock is ahead, and until then restic never calls this
      lock stale
    </>
  );
}
