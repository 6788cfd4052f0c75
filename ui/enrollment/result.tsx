// After "Add host": the command for the machine, the secrets that are shown once, and what happens live.
import type { LinkProblem } from "../../shared/server-link.ts";
import { CopyBox, Crumbs, LedgerSection, Notice } from "../components/panels.tsx";
import { formatSpan } from "../format.ts";
import { Page, PageHead } from "../layout.tsx";
import type { View } from "../view.ts";
import { LinkProblems } from "./link-problems.tsx";
import { type EnrollmentProgress, EnrollmentSteps, EnrollmentVerdict } from "./steps.tsx";
import { OutstandingTokens, type TokenLine } from "./tokens.tsx";

/** Everything secret of a new token; null when the page is opened again later. */
export type ShownOnce = {
  /** What to paste on a Linux machine; null when the machine is there already. */
  command: string | null;
  httpPassword: string | null;
  htpasswdLine: string | null;
  repoPassword: string | null;
};

export type AddHostResultProps = {
  progress: EnrollmentProgress;
  once: ShownOnce | null;
  includes: readonly string[];
  /** Of the token; null when the machine announced itself. */
  lifetimeMs: number | null;
  tokens: readonly TokenLine[];
  linkProblems: readonly LinkProblem[];
};

export function AddHostResultPage({ view, ...data }: AddHostResultProps & { view: View }) {
  const { progress, once, tokens } = data;
  return (
    <Page view={view} title={`Add ${progress.hostName}`}>
      <Crumbs
        crumbs={[
          { label: "Dashboard", href: "/" },
          { label: "Add host", href: "/hosts/new" },
          { label: <code>{progress.hostName}</code> },
        ]}
      />
      <PageHead view={view}>
        <EnrollmentVerdict progress={progress} />
      </PageHead>
      <div class="with-rail">
        <div class="ledger wide-ledger">
          {once?.htpasswdLine ? <HttpSecrets once={once} /> : null}
          {data.lifetimeMs === null ? (
            <Accepted includes={data.includes} />
          ) : (
            <LedgerSection
              id="command"
              title="Run this on the machine"
              about={`As root. Valid once, for ${formatSpan(data.lifetimeMs)}.`}
            >
              {once?.command ? (
                <div class="fields">
                  <LinkProblems problems={data.linkProblems} origin={view.origin} />
                  <Commands command={once.command} includes={data.includes} />
                </div>
              ) : (
                <Notice glyph="idle" reason="The command was shown once, when the token was created.">
                  Regenerate the token below to get a new one.
                </Notice>
              )}
            </LedgerSection>
          )}
          {once?.repoPassword ? <RepoSecret password={once.repoPassword} /> : null}
        </div>
        <EnrollmentSteps progress={progress} view={view} />
      </div>
      <OutstandingTokens tokens={tokens} view={view} />
    </Page>
  );
}

/** Stands before the command: the repo server must know the host first. */
function HttpSecrets({ once }: { once: ShownOnce }) {
  return (
    <LedgerSection
      id="htpasswd"
      title="First: the repo server"
      about="The HTTP password was generated, because you left it empty. Shown once."
    >
      <div class="fields">
        <Notice
          glyph="warning"
          reason={
            <>
              Add this line to the repo server’s <code>.htpasswd</code> now.
            </>
          }
        >
          It is not shown again; the agent gets the password with its token.
        </Notice>
        {once.htpasswdLine ? <CopyBox text={once.htpasswdLine} label="Copy the htpasswd line" /> : null}
        {once.httpPassword ? (
          <div class="field">
            <h3>HTTP password</h3>
            <CopyBox text={once.httpPassword} label="Copy the HTTP password" />
          </div>
        ) : null}
      </div>
    </LedgerSection>
  );
}

function Commands({ command, includes }: { command: string; includes: readonly string[] }) {
  return (
    <div class="fields">
      <CopyBox prompt="$" text={command} label="Copy the command" />
      <div class="does">
        <h3>What it does</h3>
        <ol>
          <li>Downloads the agent for this machine and verifies its checksum.</li>
          <li>Downloads restic if the machine has no suitable version.</li>
          <li>
            Exchanges the token for its own key and starts the service <code>restic-manager-agent</code>.
          </li>
          <li>
            {includes.length === 0 ? (
              "Takes over the host’s repositories, source groups and schedules."
            ) : (
              <>
                Opens or creates the repository, then backs up <Paths includes={includes} />.
              </>
            )}
          </li>
        </ol>
        <p class="hint">
          To remove the agent, run <code>restic-manager-agent uninstall</code>. The repository is kept.
        </p>
      </div>
    </div>
  );
}

/** A machine that announced itself has its agent already. */
function Accepted({ includes }: { includes: readonly string[] }) {
  return (
    <LedgerSection id="accepted" title="Accepted" about="The agent on the machine gets its key and starts by itself.">
      <div class="fields">
        <p>
          There is nothing to run: the agent opens or creates the repository, then backs up{" "}
          <Paths includes={includes} />.
        </p>
      </div>
    </LedgerSection>
  );
}

function Paths({ includes }: { includes: readonly string[] }) {
  return (
    <>
      {includes.slice(0, 4).map((path, at) => (
        <>
          {at > 0 ? ", " : ""}
          <code>{path}</code>
        </>
      ))}
      {includes.length > 4 ? ` and ${includes.length - 4} more` : ""}
    </>
  );
}

function RepoSecret({ password }: { password: string }) {
  return (
    <LedgerSection id="restic-password" title="Keep this" about="The restic password was generated. Shown once.">
      <div class="fields">
        <Notice glyph="warning" reason="Keep this: without it nobody can restore.">
          It encrypts everything in the repository. Store it where you can find it when this server is gone.
        </Notice>
        <CopyBox text={password} label="Copy the restic password" />
      </div>
    </LedgerSection>
  );
}
