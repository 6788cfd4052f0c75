// Whether a host works by the newest settings, in words; the versions are on hover.
import type { Child } from "hono/jsx";
import type { HostRow } from "../../db/schema/hosts.ts";
import { MINUTE_MS } from "../../shared/clock.ts";
import type { HostStatus, SettingsProblem } from "../../shared/hosts.ts";
import { Icon } from "../components/icon.tsx";
import { Near } from "../components/time.tsx";
import type { View } from "../view.ts";
import { notSaved } from "./problems.tsx";

/** A host that is connected takes changes within seconds; longer than this something is wrong. */
const ON_THE_WAY_MS = 10 * MINUTE_MS;

export type SettingsFacts = Pick<HostRow, "stateVersion" | "appliedStateVersion" | "driftSince"> & {
  status: HostStatus;
  problems: readonly SettingsProblem[];
};

export function Settings({ host, view }: { host: SettingsFacts; view: Pick<View, "now" | "dates"> }) {
  const { stateVersion, appliedStateVersion, driftSince, status } = host;
  const versions = `Settings version ${stateVersion}; the host ${appliedStateVersion === null ? "has none yet" : `has ${appliedStateVersion}`}`;
  if (notSaved(host.problems) !== null && status !== "offline")
    return (
      <span class="is-warning" title={versions}>
        settings could not be saved; the server retries every minute
      </span>
    );
  const isUpToDate = driftSince === null && appliedStateVersion === stateVersion;
  if (isUpToDate && host.problems.length > 0)
    return (
      <span class="is-warning" title={`Settings version ${stateVersion}`}>
        settings up to date, except for some that could not be applied
      </span>
    );
  if (isUpToDate)
    return (
      <span class="is-ok" title={`Settings version ${stateVersion}`}>
        <Icon name="check" />
        settings up to date
      </span>
    );
  return (
    <span class={isStuck(host, view.now) ? "is-warning" : undefined} title={versions}>
      <span>{words(host, view)}</span>
    </span>
  );
}

/** Connected, and without the newest settings for too long. */
export function isStuck({ driftSince, status }: Pick<SettingsFacts, "driftSince" | "status">, now: number): boolean {
  return status !== "offline" && driftSince !== null && now - driftSince >= ON_THE_WAY_MS;
}

function words(host: SettingsFacts, view: Pick<View, "now" | "dates">): Child {
  const { appliedStateVersion, driftSince, status } = host;
  if (appliedStateVersion === null)
    return status === "offline" ? "gets its first settings when it connects" : "its first settings are on their way";
  const changes =
    driftSince === null ? (
      "changes"
    ) : (
      <>
        changes of <Near at={driftSince} view={view} />
      </>
    );
  if (status === "offline") return <>{changes} reach it when it is online; until then it goes on as before</>;
  if (isStuck(host, view.now)) return <>{changes} have not arrived; it goes on as before, and they are sent again</>;
  return <>{changes} are on their way to it</>;
}
