// The page that adds a host: its name, repository and paths.
import { defaultIncludes } from "../../shared/exclude-preset.ts";
import type { FormState } from "../../shared/pages.ts";
import type { LinkProblem } from "../../shared/server-link.ts";
import { LinkButton, SubmitButton } from "../components/button.tsx";
import { Checkbox, Csrf, FormMessage, LinesField, SaveBar, TextField } from "../components/field.tsx";
import { Crumbs, LedgerSection } from "../components/panels.tsx";
import { Verdict } from "../components/status.tsx";
import { Page, PageHead } from "../layout.tsx";
import { RepositoryFields } from "../repos/fields.tsx";
import type { View } from "../view.ts";
import { LinkProblems } from "./link-problems.tsx";
import { OutstandingTokens, type TokenLine } from "./tokens.tsx";

export type AddHostProps = {
  form: FormState;
  tokens: readonly TokenLine[];
  linkProblems: readonly LinkProblem[];
};

export function AddHostPage({ view, form, tokens, linkProblems }: AddHostProps & { view: View }) {
  return (
    <Page view={view} title="Add host">
      <Crumbs crumbs={[{ label: "Dashboard", href: "/" }, { label: "Add host" }]} />
      <PageHead view={view}>
        <Verdict sub="Run one command on the machine. Everything else, up to the first backup, is automatic.">
          Add a host
        </Verdict>
      </PageHead>
      {linkProblems.length > 0 ? (
        <div class="fields mb-6">
          <LinkProblems problems={linkProblems} origin={view.origin} />
        </div>
      ) : null}
      <form class="ledger" method="post" action="/hosts/new">
        <Csrf token={view.csrf} />
        <FormMessage form={form} />
        <NewcomerFields form={form} />
        <SaveBar form={form}>
          <SubmitButton primary icon="plus">
            Create install command
          </SubmitButton>
          <LinkButton href="/" quiet>
            Cancel
          </LinkButton>
        </SaveBar>
      </form>
      <OutstandingTokens tokens={tokens} view={view} />
    </Page>
  );
}

/** The fields of a new host: name, repository and paths. */
export function NewcomerFields({
  form,
  hostName = "",
  os = "linux",
}: {
  form: FormState;
  hostName?: string;
  os?: "linux" | "windows";
}) {
  return (
    <>
      <LedgerSection id="machine" title="Machine" about="Display name. You can change it later.">
        <div class="fields fields-2">
          <TextField
            name="host_name"
            label="Host name"
            form={form}
            value={hostName}
            mono
            required
            maxlength={64}
            autocomplete="off"
            autofocus
            placeholder="web-01"
            hint="Letters, digits, dots, dashes and underscores"
          />
          <TextField
            name="tags"
            label="Tags"
            form={form}
            autocomplete="off"
            placeholder="prod, web"
            hint="Comma-separated. Used to filter hosts"
          />
        </div>
      </LedgerSection>
      <LedgerSection
        id="repository"
        title="Repository"
        about="Where this host’s backups go. Each host gets its own repository. Leave passwords empty to generate them. They are shown once."
      >
        <RepositoryFields form={form} />
      </LedgerSection>
      <LedgerSection
        id="paths"
        title="What to back up"
        about="The first source group, backed up nightly at 02:00. You can add excludes, schedules and more source groups later."
      >
        <div class="fields">
          <LinesField
            name="includes"
            label="Paths"
            form={form}
            value={defaultIncludes(os).join("\n")}
            required
            rows={5}
            hint="One absolute path per line, such as /home or C:\Users. Folders are backed up recursively"
          />
          <Checkbox
            name="backup_now"
            label="Back up at once"
            hint="The first backup starts as soon as the repository is ready"
            checked
            form={form}
          />
        </div>
      </LedgerSection>
    </>
  );
}
