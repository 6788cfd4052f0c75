// The page that accepts an announced machine: its fingerprint, and the fields of a new host.
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
        <Verdict sub="Anyone on the network can announce a machine. Compare the fingerprint to make sure this one is yours.">
          <code>{host.hostName}</code> is waiting for approval.
        </Verdict>
      </PageHead>
      <form class="ledger" method="post" action={`/hosts/pending/${host.id}`}>
        <Csrf token={view.csrf} />
        <FormMessage form={form} />
        <LedgerSection
          id="fingerprint"
          title="Fingerprint"
          about="It must match the fingerprint shown by the installer on the machine exactly."
        >
          <div>
            <PendingFacts host={host} view={view} />
            <Fingerprint text={host.fingerprint} />
          </div>
        </LedgerSection>
        <NewcomerFields form={form} hostName={host.isNameTaken ? "" : host.hostName} os={host.os} />
        <SaveBar form={form}>
          <SubmitButton primary>Fingerprint matches, accept</SubmitButton>
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
