// What a host's page says above everything else: archived, replaced, as of when, and what the server did not take of it.
import { installCommand } from "../../shared/install-command.ts";
import { type UnitLack, unitLacksInWords } from "../../shared/unit.ts";
import { Verb } from "../components/button.tsx";
import { CopyBox, Notice } from "../components/panels.tsx";
import { Ago, Near } from "../components/time.tsx";
import { may, type View } from "../view.ts";
import { SettingsProblems } from "./problems.tsx";
import type { HeldBack, HostHead } from "./types.ts";

export function Banner({ host, view }: { host: HostHead; view: View }) {
  return (
    <>
      <StateBanner host={host} view={view} />
      {host.heldBack ? (
        <div class="banner">
          <HeldBackNotice heldBack={host.heldBack} view={view} />
        </div>
      ) : null}
      {host.problems.length > 0 ? (
        <div class="banner">
          <SettingsProblems host={host} problems={host.problems} view={view} />
        </div>
      ) : null}
      {host.unitLacks.length > 0 ? (
        <div class="banner">
          <OldUnit lacks={host.unitLacks} view={view} />
        </div>
      ) : null}
    </>
  );
}

function OldUnit({ lacks, view }: { lacks: readonly UnitLack[]; view: View }) {
  return (
    <Notice glyph="warning" reason="The systemd unit on this host is outdated.">
      {unitLacksInWords(lacks)} Run the installer again on the host. Identity and settings stay; a backup that is
      running is interrupted. If the host trusts this server by a pin or a CA file, take the command that{" "}
      <code>sudo restic-manager-agent doctor</code> prints there.
      <CopyBox text={installCommand(view.origin)} label="Copy the install command" prompt="$" />
    </Notice>
  );
}

function StateBanner({ host, view }: { host: HostHead; view: View }) {
  if (host.archivedAt !== null)
    return (
      <div class="banner">
        <Notice glyph="idle" reason="Archived.">
          Since <Near at={host.archivedAt} view={view} />. What you see is the last it reported; its credentials are
          kept, sealed, until it is purged.
        </Notice>
      </div>
    );
  if (host.schedulesPaused)
    return (
      <div class="banner">
        <Notice
          glyph="warning"
          reason="Schedules wait."
          verbs={
            may(view, "operator") ? (
              <Verb action={`/hosts/${host.id}/restore-finished`} csrf={view.csrf} primary small>
                Restore finished
              </Verb>
            ) : null
          }
        >
          New hardware took this host’s place
          {host.replacedAt === null ? null : (
            <>
              {" "}
              <Ago at={host.replacedAt} view={view} />
            </>
          )}
          . A backup of a half-empty machine would look like lost files: say when its data are back.
        </Notice>
      </div>
    );
  if (host.status === "offline" && host.lastSeenAt !== null)
    return (
      <div class="banner">
        <Notice
          glyph="idle"
          reason={
            <>
              As of <Ago at={host.lastSeenAt} view={view} />.
            </>
          }
        >
          The host is offline; what you see is the last it reported. What you start now waits for it.
        </Notice>
      </div>
    );
  return null;
}

/** A host that sends more than the server takes from one: what became of it, and what to do. */
export function HeldBackNotice({ heldBack, view }: { heldBack: HeldBack; view: View }) {
  const when = <Ago at={heldBack.at} view={view} />;
  switch (heldBack.what) {
    case "paced":
      return (
        <Notice glyph="warning" reason="Reports are delayed.">
          This host sends more than the server stores for one host, the last time {when}. The rest waits on the host and
          follows by itself. If it goes on, look for a job that logs every file.
        </Notice>
      );
    case "cut_off":
      return (
        <Notice glyph="warning" reason="Connection closed by the server.">
          This host sent far more than an agent does, the last time {when}. A healthy agent never does: check the
          machine.
        </Notice>
      );
    case "list_too_large":
      return (
        <Notice glyph="warning" reason="Snapshots not updated.">
          The list of snapshots that this host sent {when} is too large to be stored. The list from before is still
          shown.
        </Notice>
      );
  }
}
