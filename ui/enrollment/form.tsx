// Add a host: what it is called, where its repository is, what matters on it.
import { defaultIncludes } from "../../shared/exclude-preset.ts";
import { LinkButton, SubmitButton } from "../components/button.tsx";
import {
  Csrf,
  FormMessage,
  type FormState,
  LinesField,
  SaveBar,
  SelectField,
  TextField,
  Tick,
} from "../components/field.tsx";
import { Crumbs, LedgerSection } from "../components/panels.tsx";
import { Verdict } from "../components/status.tsx";
import { Page, PageHead } from "../layout.tsx";
import type { View } from "../view.ts";
import { OutstandingTokens, type TokenLine } from "./tokens.tsx";

const KINDS = [
  { value: "rest", label: "REST server (suggested)" },
  { value: "local", label: "Folder on the host" },
  { value: "other", label: "Other restic address" },
] as const;

export type AddHostProps = {
  form: FormState;
  tokens: readonly TokenLine[];
};

export function AddHostPage({ view, form, tokens }: AddHostProps & { view: View }) {
  return (
    <Page view={view} title="Add host">
      <Crumbs crumbs={[{ label: "Dashboard", href: "/" }, { label: "Add host" }]} />
      <PageHead view={view}>
        <Verdict sub="You get one command for the machine. The rest goes by itself, up to its first backup.">
          Add a host
        </Verdict>
      </PageHead>
      <form class="ledger" method="post" action="/hosts/new">
        <Csrf token={view.csrf} />
        <FormMessage form={form} />
        <NewcomerFields form={form} />
        <SaveBar form={form}>
          <SubmitButton primary icon="plus">
            Make the install command
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

/** Machine, repository and paths: what a new host needs, whichever way it comes. */
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
      <LedgerSection id="machine" title="Machine" about="How it is called here. It can be changed later.">
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
            hint="Letters, digits, dot, dash, underscore"
          />
          <TextField
            name="tags"
            label="Tags"
            form={form}
            autocomplete="off"
            placeholder="prod, web"
            hint="Parted by commas; for filters"
          />
        </div>
      </LedgerSection>
      <LedgerSection
        id="repository"
        title="Repository"
        about="Where its data go. Every host has a repository of its own. What you leave empty is generated and shown once."
      >
        <RepositoryFields form={form} />
      </LedgerSection>
      <LedgerSection
        id="paths"
        title="What to back up"
        about="The first source group, backed up every night at 02:00. Excludes, other times and more groups come later."
      >
        <div class="fields">
          <LinesField
            name="includes"
            label="Paths"
            form={form}
            value={defaultIncludes(os).join("\n")}
            required
            rows={5}
            hint="Absolute paths, one per line. On Windows for example C:\Users"
          />
          <Tick
            name="backup_now"
            label="Back up at once"
            hint="The first backup starts by itself as soon as the repository is ready"
            checked
            form={form}
          />
        </div>
      </LedgerSection>
    </>
  );
}

/** Per-kind fields; without script all are shown and the ones of other kinds are left empty. */
export function RepositoryFields({ form }: { form: FormState }) {
  return (
    <div class="fields">
      <SelectField name="kind" label="Kind" form={form} value="rest" options={KINDS} />
      <TextField
        name="url"
        label="Address"
        form={form}
        mono
        required
        maxlength={2048}
        autocomplete="off"
        placeholder="rest:https://vault.example:8000/web-01/"
        hint="As restic writes it, without user and password"
      />
      <p class="hint" data-when="kind=local">
        The agent’s service may write below <code>/var/lib/restic-manager</code> only, unless its unit is told of other
        folders. A folder on the same disk does not survive that disk.
      </p>
      <div class="fields-2" data-when="kind=rest">
        <TextField
          name="http_username"
          label="HTTP user"
          form={form}
          mono
          autocomplete="off"
          hint="Who this host is on the repo server. Empty: the host’s name"
        />
        <TextField
          name="http_password"
          label="HTTP password"
          type="password"
          form={form}
          autocomplete="new-password"
          hint="Empty: generated, with the htpasswd line for the repo server"
        />
      </div>
      <div data-when="kind=other">
        <LinesField
          name="env"
          label="Keys"
          form={form}
          rows={3}
          placeholder={"AWS_ACCESS_KEY_ID=…\nAWS_SECRET_ACCESS_KEY=…"}
          hint="restic’s environment names, one NAME=value a line"
        />
      </div>
      <TextField
        name="repo_password"
        label="Restic encryption password"
        type="password"
        form={form}
        autocomplete="new-password"
        hint="Encrypts the data; not the HTTP password. Empty: generated. For a repository that exists already: its password"
      />
    </div>
  );
}
