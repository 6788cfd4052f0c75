// Machines waiting for approval: fingerprint, accept and reject.
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
  /** A host already has this name. */
  isNameTaken: boolean;
  /** Another waiting machine has the same name. */
  isNameShared: boolean;
};

export function PendingHosts({ hosts, view }: { hosts: readonly PendingLine[]; view: View }) {
  return (
    <>
      {hosts.map((host) => (
        <section class="pending" id={`pending-${host.id}`} aria-labelledby={`pending-${host.id}-title`}>
          <div>
            <h2 id={`pending-${host.id}-title`}>
              <code>{host.hostName}</code> is waiting for approval
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

/** Id of the dialog made by {@link RejectDialog}. */
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
      keep="Cancel"
      verb="Reject machine"
    >
      <p>Its installer stops with a message. The machine can be announced again later.</p>
    </ConfirmDialog>
  );
}

export function PendingFacts({ host, view }: { host: PendingLine; view: View }) {
  return (
    <>
      <p class="meta">
        {platformOf(host)} · announced from <code>{host.announcedFromIp}</code> <Ago at={host.createdAt} view={view} />{" "}
        · {may(view, "admin") ? "accept only if its terminal shows this fingerprint" : "only admins can accept it"}
      </p>
      {host.isNameTaken || host.isNameShared ? (
        <p class="meta is-warning">
          {host.isNameTaken
            ? "A host already has this name. Choose another one, or replace that host’s machine in its settings."
            : "Two machines with this name are waiting. Compare the fingerprints carefully."}
        </p>
      ) : null}
    </>
  );
}

/** Shown in groups of four, for comparison by eye. */
export function Fingerprint({ text }: { text: string }) {
  return (
    <p class="fingerprint">
      <span data-copy-text="">
        {fingerprintGroups(text).map((group) => (
          <span>{group}</span>
        ))}
      </span>
      <button class="btn btn-s btn-quiet" type="button" data-copy="" aria-label="Copy fingerprint">
        <Icon name="copy" />
        Copy
      </button>
    </p>
  );
}
