// Machines that ask to join: fingerprints to compare, accept and reject.
import { fingerprintGroups } from "../../shared/fingerprint.ts";
import { LinkButton, OpenButton } from "../components/button.tsx";
import { ConfirmDialog } from "../components/floats.tsx";
import { Icon } from "../components/icon.tsx";
import { Ago } from "../components/time.tsx";
import { platformOf } from "../hosts/words.tsx";
import { may, type View } from "../view.ts";

export type PendingLine = {
  id: string;
  fingerprint: string;
  hostName: string;
  os: "linux" | "windows";
  arch: "x64" | "arm64";
  announcedFromIp: string;
  createdAt: number;
  /** A host has this name already. */
  isNameTaken: boolean;
  /** Another machine that waits has it too. */
  isNameShared: boolean;
};

export function PendingHosts({ hosts, view }: { hosts: readonly PendingLine[]; view: View }) {
  return (
    <>
      {hosts.map((host) => (
        <section class="pending" id={`pending-${host.id}`} aria-labelledby={`pending-${host.id}-title`}>
          <div>
            <h2 id={`pending-${host.id}-title`}>
              <code>{host.hostName}</code> asks to join
            </h2>
            <PendingFacts host={host} view={view} />
            <Fingerprint text={host.fingerprint} />
          </div>
          {may(view, "admin") ? (
            <div class="btns">
              <OpenButton dialog={rejectDialogOf(host)} label={`Reject ${host.hostName}…`}>
                Reject…
              </OpenButton>
              <LinkButton primary href={`/hosts/pending/${host.id}`} label={`Accept ${host.hostName}…`}>
                Accept…
              </LinkButton>
              <RejectDialog host={host} view={view} />
            </div>
          ) : null}
        </section>
      ))}
    </>
  );
}

/** Id of the dialog that {@link RejectDialog} makes. */
export function rejectDialogOf(host: Pick<PendingLine, "id">): string {
  return `reject-${host.id}`;
}

export function RejectDialog({ host, view }: { host: PendingLine; view: View }) {
  return (
    <ConfirmDialog
      id={rejectDialogOf(host)}
      title={
        <>
          Reject <code>{host.hostName}</code>?
        </>
      }
      action={`/hosts/pending/${host.id}/reject`}
      csrf={view.csrf}
      keep="Let it wait"
      verb="Reject"
    >
      <p>Its installer stops and says so. The machine can announce itself again later.</p>
    </ConfirmDialog>
  );
}

export function PendingFacts({ host, view }: { host: PendingLine; view: View }) {
  return (
    <>
      <p class="meta">
        {platformOf(host)} · announced from <code>{host.announcedFromIp}</code> <Ago at={host.createdAt} view={view} />{" "}
        · {may(view, "admin") ? "accept only if its terminal shows this fingerprint" : "an admin decides"}
      </p>
      {host.isNameTaken || host.isNameShared ? (
        <p class="meta is-warning">
          {host.isNameTaken
            ? "A host has this name already: give this one another, or replace that machine from its Settings."
            : "Two machines ask to join under this name: compare the fingerprints with care."}
        </p>
      ) : null}
    </>
  );
}

/** Large, in groups of four: people compare it by eye, or copy it. */
export function Fingerprint({ text }: { text: string }) {
  return (
    <p class="fingerprint">
      <span data-copy-text="">
        {fingerprintGroups(text).map((group) => (
          <span>{group}</span>
        ))}
      </span>
      <button class="btn btn-s btn-quiet" type="button" data-copy="" aria-label="Copy the fingerprint">
        <Icon name="copy" />
        Copy
      </button>
    </p>
  );
}
