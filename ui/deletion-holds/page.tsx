// The page that lists deletion holds and places one, and the page that releases one.
import type { DeletionHold } from "../../db/queries/deletion-holds.ts";
import { LONGEST_HOLD_REASON } from "../../shared/maintenance.ts";
import type { FormState } from "../../shared/pages.ts";
import { LinkButton, SubmitButton } from "../components/button.tsx";
import { Csrf, FormMessage, SaveBar, SelectField, TextField } from "../components/field.tsx";
import { Crumbs, LedgerSection } from "../components/panels.tsx";
import { Verdict } from "../components/status.tsx";
import { formatCount, formatPlural } from "../format.ts";
import { Page, PageHead } from "../layout.tsx";
import { deletionHoldsPath, hostPath } from "../links.ts";
import { may, type View } from "../view.ts";
import { HoldScope, HoldStory, releasePath } from "./banner.tsx";

export type DeletionHoldsProps = {
  form: FormState;
  /** `fleet`, `tag:NAME` or `host:ID`. */
  scopes: readonly { value: string; label: string }[];
  chosen: string;
  /** Forget and prune jobs that their hosts already have. */
  openDeletions: number;
};

export function DeletionHoldsPage({ view, ...data }: DeletionHoldsProps & { view: View }) {
  const count = view.deletionHolds.length;
  return (
    <Page view={view} title="Hold deletion">
      <Crumbs crumbs={[{ label: "Dashboard", href: "/" }, { label: "Hold deletion" }]} />
      <PageHead view={view}>
        {count === 0 ? (
          <Verdict sub="Hold it as soon as you suspect ransomware, so that good snapshots stay while you look.">
            Deletion is not held. Forget and prune run as scheduled.
          </Verdict>
        ) : (
          <Verdict glyph="warning">{formatPlural(count, "deletion hold is", "deletion holds are")} in force.</Verdict>
        )}
      </PageHead>
      {may(view, "operator") ? (
        <HoldForm {...data} view={view} />
      ) : (
        <p class="meta">An operator can hold and release deletion.</p>
      )}
    </Page>
  );
}

function HoldForm({ form, scopes, chosen, openDeletions, view }: DeletionHoldsProps & { view: View }) {
  return (
    <form class="ledger" method="post" action={deletionHoldsPath()}>
      <Csrf token={view.csrf} />
      <FormMessage form={form} />
      <LedgerSection id="hold" title="Hold deletion" about="Until somebody releases the hold.">
        <div class="fields">
          <SelectField
            name="scope"
            label="Hosts"
            form={form}
            value={chosen}
            options={scopes}
            hint="A repository that one of these hosts shares is protected as a whole"
          />
          <TextField
            name="reason"
            label="Reason"
            form={form}
            required
            maxlength={LONGEST_HOLD_REASON}
            autocomplete="off"
            placeholder="Suspected ransomware on web-01"
            hint="Shown to everybody on every page"
          />
        </div>
      </LedgerSection>
      <LedgerSection id="effect" title="What happens">
        <ul class="hold-effects">
          <li>No forget or prune starts, neither on schedule nor by hand. Backups and checks go on.</li>
          <li>
            Forget and prune jobs that a host already has are cancelled, even if they are running, and are not repeated
            before their next due time.{" "}
            {openDeletions === 0
              ? "No host has any now."
              : `Now there ${openDeletions === 1 ? "is 1" : `are ${formatCount(openDeletions)}`} in the fleet.`}{" "}
            A host that is offline hears of it when it is back.
          </li>
          <li>
            Jobs that still wait for their host stay queued. They are sent after the release, unless they have expired.
          </li>
          <li>
            Somebody who has the passwords of a repo server can still delete there. Stop that listener or change the
            passwords, too.
          </li>
        </ul>
      </LedgerSection>
      <SaveBar form={form}>
        <SubmitButton primary icon="lock">
          Hold deletion
        </SubmitButton>
        <LinkButton href={chosen.startsWith("host:") ? hostPath(chosen.slice(5)) : "/"} quiet>
          Cancel
        </LinkButton>
      </SaveBar>
    </form>
  );
}

export function ReleaseHoldPage(props: { view: View; hold: DeletionHold; waiting: number }) {
  const { view, hold, waiting } = props;
  return (
    <Page view={{ ...view, deletionHolds: view.deletionHolds.filter(({ id }) => id !== hold.id) }} title="Release hold">
      <Crumbs
        crumbs={[
          { label: "Dashboard", href: "/" },
          { label: "Hold deletion", href: deletionHoldsPath() },
          { label: "Release" },
        ]}
      />
      <PageHead view={view}>
        <Verdict glyph="warning" sub={<HoldStory hold={hold} view={view} />}>
          Release the hold on <HoldScope hold={hold} />?
        </Verdict>
      </PageHead>
      <form class="rows" method="post" action={releasePath(hold)}>
        <Csrf token={view.csrf} />
        <p>
          Forget and prune run again as scheduled, and what is overdue starts within a minute.{" "}
          {waiting === 0 ? "" : `${formatPlural(waiting, "waiting job is", "waiting jobs are")} sent at once.`} Release
          it only when you know that the snapshots you need are safe.
        </p>
        <div class="btns">
          <SubmitButton danger>Release hold</SubmitButton>
          <LinkButton href={deletionHoldsPath()} quiet>
            Keep holding
          </LinkButton>
        </div>
      </form>
    </Page>
  );
}
