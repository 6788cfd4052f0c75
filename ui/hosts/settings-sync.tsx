// Whether a host works by the newest settings, in words; the versions are on hover.
import type { HostRow } from "../../db/schema/hosts.ts";
import { MINUTE_MS } from "../../shared/clock.ts";
import { Icon } from "../components/icon.tsx";
import { Near } from "../components/time.tsx";
import type { View } from "../view.ts";
import type { HostStatus } from "./words.tsx";

/** A host that is connected takes changes within seconds; longer than this something is wrong. */
const ON_THE_WAY_MS = 10 * MINUTE_MS;

export type SettingsFacts = Pick<HostRow, "stateVersion" | "appliedStateVersion" | "driftSince"> & {
  status: HostStatus;
};

export function Settings({ host, view }: { host: SettingsFacts; view: Pick<View, "now" | "dates"> }) {
  const { stateVersion, appliedStateVersion, driftSince, status } = host;
  const isOffline = status === "offline";
  const versions = `Settings version ${stateVersion}; the host ${appliedStateVersion === null ? "has none yet" : `has ${appliedStateVersion}`}`;
  if (driftSince === null && appliedStateVersion === stateVersion)
    return (
      <span class="is-ok" title={`Settings version ${stateVersion}`}>
        <Icon name="check" />
        settings up to date
      </span>
    );
  if (appliedStateVersion === null)
    return (
      <span title={versions}>
        {isOffline ? "gets its first settings when it connects" : "its first settings are on their way"}
      </span>
    );
  const changes =
    driftSince === null ? (
      "changes"
    ) : (
      <span>
        changes of <Near at={driftSince} view={view} />
      </span>
    );
  if (isOffline)
    return <span title={versions}>{changes} reach it when it is online; until then it goes on as before</span>;
  if (driftSince === null || view.now - driftSince < ON_THE_WAY_MS)
    return <span title={versions}>{changes} are on their way to it</span>;
  return (
    <span class="is-warning" title={versions}>
      {changes} have not arrived; it goes on as before, and they are sent again by themselves
    </span>
  );
}
