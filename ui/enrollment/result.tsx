// The page after "Add host": the install command, the secrets shown once, and the live progress.
import type { LinkProblem } from "../../shared/server-link.ts";
import { CopyBox, Crumbs, LedgerSection, Notice } from "../components/panels.tsx";
import { formatSpan } from "../format.ts";
import { Page, PageHead } from "../layout.tsx";
import type { View } from "../view.ts";
import { LinkProblems } from "./link-problems.tsx";
import { type EnrollmentProgress, EnrollmentSteps, EnrollmentVerdict } from "./steps.tsx";
import { OutstandingTokens, type TokenLine } from "./tokens.tsx";

/** The secrets of a new token; null if the page is opened again later. */
export type ShownOnce = {
  /** The install command for Linux; null if the machine already has an agent. */
  command: string | null;
  httpPassword: string | null;
  htpasswdLine: string | null;
  repoPassword: string | null;
};

export type AddHostResultProps = {
  progress: EnrollmentProgress;
  once: ShownOnce | null;
  includes: readonly string[];
  /** The token's lifetime; null if the machine announced itself. */
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
              about={`As root. Works once, within ${formatSpan(data.lifetimeMs)}.`}
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

/** Shown above the command, because the repo server must accept the host first. */
function HttpSecrets({ once }: { once: ShownOnce }) {
  return (
    <LedgerSection
      id="htpasswd"
      title="Repo server"
      about="Do this first. The HTTP password was generated and is shown once."
    >
      <div class="fields">
        <Notice
          glyph="warning"
          reason={
            <>
              Add this line to the repo server’s <code>.htpasswd</code> file now.
            </>
          }
        >
          It is not shown again. The agent receives the password during enrolment.
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
      <CopyBox prompt="$" text={command} label="Copy command" />
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

/** For an announced machine, which already has an agent. */
function Accepted({ includes }: { includes: readonly string[] }) {
  return (
    <LedgerSection
      id="accepted"
      title="Accepted"
      about="The agent on the machine receives its key and starts automatically."
    >
      <div class="fields">
        <p>
          There is nothing to run. The agent opens or creates the repository, then backs up{" "}
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
    <LedgerSection id="restic-password" title="Restic password" about="This password was generated and is shown once.">
      <div class="fields">
        <Notice glyph="warning" reason="Keep this password. Without it, nobody can restore.">
          It encrypts everything in the repository. Store it somewhere you can reach without this server.
        </Notice>
        <CopyBox text={password} label="Copy the restic password" />
      </div>
    </LedgerSection>
  );
}
