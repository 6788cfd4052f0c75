// Accept a machine that announced itself: compare its fingerprint, then say what any new host needs.
import type { FormState } from "../../shared/pages.ts";
import { LinkButton, OpenButton, SubmitButton } from "../components/button.tsx";
import { Csrf, FormMessage, SaveBar } from "../components/field.tsx";
import { Crumbs, LedgerSection } from "../components/panels.tsx";
import { Verdict } from "../components/status.tsx";
import { Page, PageHead } from "../layout.tsx";
import type { View } from "../view.ts";
import { NewcomerFields } from "./form.tsx";
import { Fingerprint, PendingFacts, type PendingLine, RejectDialog, rejectDialogOf } from "./pending.tsx";

export function AcceptHostPage({ view, host, form }: { view: View; host: PendingLine; form: FormState }) {
  return (
    <Page view={view} title={`Accept ${host.hostName}`}>
      <Crumbs crumbs={[{ label: "Dashboard", href: "/" }, { label: <code>{host.hostName}</code> }]} />
      <PageHead view={view}>
        <Verdict sub="Anybody on the network can announce a machine. The fingerprint tells whether it is yours.">
          <code>{host.hostName}</code> asks to join.
        </Verdict>
      </PageHead>
      <form class="ledger" method="post" action={`/hosts/pending/${host.id}`}>
        <Csrf token={view.csrf} />
        <FormMessage form={form} />
        <LedgerSection
          id="fingerprint"
          title="Compare"
          about="The installer on the machine shows a fingerprint. It has to be this one, to the last letter."
        >
          <div>
            <PendingFacts host={host} view={view} />
            <Fingerprint text={host.fingerprint} />
          </div>
        </LedgerSection>
        <NewcomerFields form={form} hostName={host.isNameTaken ? "" : host.hostName} os={host.os} />
        <SaveBar form={form}>
          <SubmitButton primary>The fingerprint is right: accept</SubmitButton>
          <OpenButton danger dialog={rejectDialogOf(host)}>
            Reject…
          </OpenButton>
          <LinkButton href="/" quiet>
            Cancel
          </LinkButton>
        </SaveBar>
      </form>
      <RejectDialog host={host} view={view} />
    </Page>
  );
}
