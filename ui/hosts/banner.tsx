// The notices at the top of a host's page: archived, replaced, offline, settings problems, held-back reports.
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
      {unitLacksInWords(lacks)} Run the installer again on the host. It keeps the host’s identity and settings but
      interrupts a running backup. If the host trusts this server through a pinned certificate or a CA file, use the
      command printed by <code>sudo restic-manager-agent doctor</code> instead.
      <CopyBox text={installCommand(view.origin)} label="Copy the install command" prompt="$" />
    </Notice>
  );
}

function StateBanner({ host, view }: { host: HostHead; view: View }) {
  if (host.archivedAt !== null)
    return (
      <div class="banner">
        <Notice
          glyph="idle"
          reason={
            <>
              Archived <Near at={host.archivedAt} view={view} />.
            </>
          }
        >
          This page shows its last report. Its credentials stay encrypted on this server until you purge it.
        </Notice>
      </div>
    );
  if (host.schedulesPaused)
    return (
      <div class="banner">
        <Notice
          glyph="warning"
          reason="Schedules are paused."
          verbs={
            may(view, "operator") ? (
              <Verb action={`/hosts/${host.id}/restore-finished`} csrf={view.csrf} primary small>
                Resume schedules
              </Verb>
            ) : null
          }
        >
          This host’s machine was replaced
          {host.replacedAt === null ? null : (
            <>
              {" "}
              <Ago at={host.replacedAt} view={view} />
            </>
          )}
          . Restore its data first, so that no backup of a half-empty machine is taken. Then resume its schedules.
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
              Last seen <Ago at={host.lastSeenAt} view={view} />.
            </>
          }
        >
          The host is offline, so this page shows its last report. Jobs you start now wait until it is back.
        </Notice>
      </div>
    );
  return null;
}

/** A host that sends more than the server accepts: what happened and what to do. */
export function HeldBackNotice({ heldBack, view }: { heldBack: HeldBack; view: View }) {
  const when = <Ago at={heldBack.at} view={view} />;
  switch (heldBack.what) {
    case "paced":
      return (
        <Notice glyph="warning" reason="Reports are delayed.">
          This host sends more than the server accepts from one host, most recently {when}. The rest is kept on the host
          and sent later. If this continues, look for a source group that logs every file.
        </Notice>
      );
    case "cut_off":
      return (
        <Notice glyph="warning" reason="Connection closed by the server.">
          This host sent far more data than a healthy agent ever does, most recently {when}. Check the machine.
        </Notice>
      );
    case "list_too_large":
      return (
        <Notice glyph="warning" reason="Snapshot list not updated.">
          The list that this host sent {when} is too large to store. The previous list is still shown.
        </Notice>
      );
  }
}
