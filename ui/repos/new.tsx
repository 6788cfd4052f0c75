// The page that adds a repo to a host, and the one that shows its generated passwords once.
import type { FormState } from "../../shared/pages.ts";
import { LinkButton, SubmitButton } from "../components/button.tsx";
import { Csrf, FormMessage, SaveBar, TextField } from "../components/field.tsx";
import { CopyBox, LedgerSection, Notice } from "../components/panels.tsx";
import { Verdict } from "../components/status.tsx";
import { HostSubPage } from "../hosts/sub-page.tsx";
import { PageHead } from "../layout.tsx";
import { hostPath } from "../links.ts";
import type { View } from "../view.ts";
import { RepositoryFields } from "./fields.tsx";

type Host = { id: string; name: string };

export function AddRepoPage({ host, form, view }: { host: Host; form: FormState; view: View }) {
  const path = hostPath(host.id, "repos");
  return (
    <HostSubPage view={view} title={`Add repo to ${host.name}`} host={host} tab="repos" here="Add repo">
      <PageHead view={view}>
        <Verdict sub="Another repository for this host’s backups. Source groups use the primary repo unless you choose otherwise.">
          Add repo to <code>{host.name}</code>
        </Verdict>
      </PageHead>
      <form class="ledger" method="post" action={`${path}/new`}>
        <Csrf token={view.csrf} />
        <FormMessage form={form} />
        <LedgerSection id="called" title="Name" about="Display name. You can change it later.">
          <div class="fields">
            <TextField
              name="name"
              label="Name"
              form={form}
              mono
              required
              maxlength={64}
              autocomplete="off"
              autofocus
              placeholder="offsite"
            />
          </div>
        </LedgerSection>
        <LedgerSection
          id="repository"
          title="Repository"
          about="Where backups go. The agent opens the repository or creates it if there is none. Generated passwords are shown once."
        >
          <RepositoryFields form={form} />
        </LedgerSection>
        <SaveBar form={form}>
          <SubmitButton primary icon="plus">
            Add repo
          </SubmitButton>
          <LinkButton href={path} quiet>
            Cancel
          </LinkButton>
        </SaveBar>
      </form>
    </HostSubPage>
  );
}

export type NewRepoSecrets = { httpPassword: string | null; htpasswdLine: string | null; repoPassword: string | null };

export function RepoAddedPage(props: {
  host: Host;
  repo: { id: string; name: string };
  once: NewRepoSecrets;
  view: View;
}) {
  const { host, repo, once, view } = props;
  return (
    <HostSubPage view={view} title={`${repo.name} was added`} host={host} tab="repos" here={<code>{repo.name}</code>}>
      <PageHead view={view}>
        <Verdict glyph="ok">
          <code>{repo.name}</code> was added to <code>{host.name}</code>.
        </Verdict>
      </PageHead>
      <div class="ledger">
        {once.htpasswdLine ? (
          <LedgerSection id="htpasswd" title="Repo server" about="The HTTP password was generated.">
            <div class="fields">
              <Notice
                glyph="warning"
                reason={
                  <>
                    Add this line to the repo server’s <code>.htpasswd</code> file now.
                  </>
                }
              >
                It is not shown again.
              </Notice>
              <CopyBox text={once.htpasswdLine} label="Copy the htpasswd line" />
              {once.httpPassword ? <CopyBox text={once.httpPassword} label="Copy the HTTP password" /> : null}
            </div>
          </LedgerSection>
        ) : null}
        {once.repoPassword ? (
          <LedgerSection id="password" title="Restic password" about="This password was generated.">
            <div class="fields">
              <Notice glyph="warning" reason="Keep this password. Without it, nobody can restore.">
                It is not shown again. This server keeps an encrypted copy.
              </Notice>
              <CopyBox text={once.repoPassword} label="Copy the restic password" />
            </div>
          </LedgerSection>
        ) : null}
        <LedgerSection id="next" title="Next" about="As soon as the host is online.">
          <div class="fields">
            <p>The agent opens the repository or creates it if there is none. The repo’s page shows the result.</p>
            <div class="btns">
              <LinkButton href={`${hostPath(host.id, "repos")}/${repo.id}`} primary>
                Open repo
              </LinkButton>
            </div>
          </div>
        </LedgerSection>
      </div>
    </HostSubPage>
  );
}
