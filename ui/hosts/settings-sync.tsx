// Says whether a host has applied its latest settings; the versions are in the tooltip.
import type { Child } from "hono/jsx";
import type { HostRow } from "../../db/schema/hosts.ts";
import type { HostStatus, SettingsProblem } from "../../shared/hosts.ts";
import { MINUTE_MS } from "../../shared/time/clock.ts";
import { Icon } from "../components/icon.tsx";
import { Near } from "../components/time.tsx";
import type { View } from "../view.ts";
import { notSaved } from "./problems.tsx";

/** Connected hosts apply changes within seconds. Beyond this, something is wrong. */
const ON_THE_WAY_MS = 10 * MINUTE_MS;

export type SettingsFacts = Pick<HostRow, "stateVersion" | "appliedStateVersion" | "driftSince"> & {
  status: HostStatus;
  problems: readonly SettingsProblem[];
};

export function Settings({ host, view }: { host: SettingsFacts; view: Pick<View, "now" | "dates"> }) {
  const { stateVersion, appliedStateVersion, driftSince, status } = host;
  const versions = `Settings version ${stateVersion}, applied: ${appliedStateVersion ?? "none yet"}`;
  if (notSaved(host.problems) !== null && status !== "offline")
    return (
      <span class="is-warning" title={versions}>
        could not save its settings, retrying every minute
      </span>
    );
  const isUpToDate = driftSince === null && appliedStateVersion === stateVersion;
  if (isUpToDate && host.problems.length > 0)
    return (
      <span class="is-warning" title={`Settings version ${stateVersion}`}>
        settings up to date, but some could not be applied
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

/** Connected, but without the latest settings for too long. */
export function isStuck({ driftSince, status }: Pick<SettingsFacts, "driftSince" | "status">, now: number): boolean {
  return status !== "offline" && driftSince !== null && now - driftSince >= ON_THE_WAY_MS;
}

function words(host: SettingsFacts, view: Pick<View, "now" | "dates">): Child {
  const { appliedStateVersion, driftSince, status } = host;
  if (appliedStateVersion === null)
    return status === "offline" ? "gets its settings when it connects" : "sending its first settings";
  const changes =
    driftSince === null ? (
      "changes"
    ) : (
      <>
        changes from <Near at={driftSince} view={view} />
      </>
    );
  if (status === "offline") return <>{changes} are sent when it is online; until then it keeps its previous settings</>;
  if (isStuck(host, view.now))
    return <>{changes} have not been applied and are being resent; it keeps its previous settings</>;
  return <>sending {changes}</>;
}
