// The maintenance section of a repo's page: schedule, last and next run of forget, prune and check.
import type { Child } from "hono/jsx";
import type { MaintenanceBlock } from "../../shared/maintenance.ts";
import type { FormState } from "../../shared/pages.ts";
import { BlockedButton, Verb } from "../components/button.tsx";
import { Glyph, type GlyphName } from "../components/glyph.tsx";
import { LedgerSection, Notice } from "../components/panels.tsx";
import { Badge } from "../components/status.tsx";
import { Ago, Near } from "../components/time.tsx";
import { formatBytes } from "../format.ts";
import { may, type View } from "../view.ts";
import { MAINTENANCE_TITLES, MaintenanceEditor } from "./maintenance-form.tsx";
import { everySpan, RoundAdvice } from "./round-advice.tsx";
import type { MaintenanceLine, MaintenanceView } from "./types.ts";

const STATUS: Record<"ok" | "errors" | "failed", GlyphName> = { ok: "ok", errors: "failed", failed: "failed" };

const BLOCKS: Record<MaintenanceBlock, string> = {
  disabled: "maintenance is off",
  off: "manual only",
  not_ready: "waiting until the repo can be opened",
  other_maintains: "done by the other repo",
  host_archived: "its maintenance host is archived",
  no_admin_credential: "needs an admin credential",
  deletion_held: "deletion is held",
  retention_held: "held: needs confirmation",
  not_listed: "waiting for the snapshot list",
  keeps_everything: "not needed: everything is kept",
  saved_nothing: "waiting for a backup that saves files",
  no_groups: "not needed: no source group uses it",
  offline: "due, waiting for the host",
  just_returned: "due soon, the host has just returned",
  under_way: "running",
  after_forget: "after forget",
};

const NEEDS_SOMEBODY: ReadonlySet<MaintenanceBlock> = new Set([
  "no_admin_credential",
  "host_archived",
  "deletion_held",
  "retention_held",
]);

/** The server would refuse to run these. */
const REFUSED: ReadonlySet<MaintenanceBlock> = new Set([
  "host_archived",
  "no_admin_credential",
  "deletion_held",
  "retention_held",
  "not_listed",
  "keeps_everything",
  "saved_nothing",
  "no_groups",
]);

export function MaintenanceSection(props: {
  maintenance: MaintenanceView;
  locks: Child;
  path: string;
  form: FormState | null;
  /** Initial budget of the form, bytes. */
  wishedBudgetBytes: number | null;
  isReady: boolean;
  view: View;
}) {
  const { maintenance, locks, path, form, wishedBudgetBytes, isReady, view } = props;
  const mayRun = may(view, "operator") && isReady;
  return (
    <LedgerSection id="maintenance" title="Maintenance" about={<Where maintenance={maintenance} />}>
      <div class="rows-wide">
        <Hints maintenance={maintenance} mayConfirm={may(view, "operator")} />
        <RoundAdvice check={maintenance.check} path={path} mayChange={may(view, "operator")} />
        <table class="table stack maint">
          <thead>
            <tr>
              <th scope="col">Job</th>
              <th scope="col">Schedule</th>
              <th scope="col">Last</th>
              <th scope="col">Next</th>
              <th scope="col">
                <span class="vh">Run</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {maintenance.lines.map((line) => (
              <Line line={line} check={maintenance.check} path={path} mayRun={mayRun} view={view} />
            ))}
            {locks}
          </tbody>
        </table>
        {may(view, "operator") ? (
          <MaintenanceEditor
            maintenance={maintenance}
            path={path}
            form={form}
            wishedBudgetBytes={wishedBudgetBytes}
            view={view}
          />
        ) : null}
      </div>
    </LedgerSection>
  );
}

function Where({ maintenance: { runsOn, isOwnHost, right, appendOnly } }: { maintenance: MaintenanceView }) {
  const name = <code>{runsOn.name}</code>;
  if (!isOwnHost) return <>Runs on {name}, which receives the credential for one job at a time.</>;
  if (right === "admin" && appendOnly)
    return <>Runs on this host. The repo is append-only, but the host receives the admin credential during a prune.</>;
  return <>Runs when {name} is online.</>;
}

function Hints({ maintenance, mayConfirm }: { maintenance: MaintenanceView; mayConfirm: boolean }) {
  const { maintainedBy, held, right } = maintenance;
  return (
    <>
      {maintainedBy ? (
        <Notice glyph="idle" reason={`Maintained by ${maintainedBy.hostName}.`}>
          Both repos are the same repository, so only one of them maintains it. See{" "}
          <a href={maintainedBy.href}>its page</a>.
        </Notice>
      ) : null}
      {right === "none" ? (
        <Notice glyph="warning" reason="No snapshots are removed yet.">
          The everyday credential cannot delete, so all snapshots are kept until you add an admin credential under
          Connection.
        </Notice>
      ) : null}
      {held.map(({ name, hostName, href }) => (
        <Notice
          glyph="warning"
          reason={
            <>
              Forget skips <code>{name}</code>
              {hostName === null ? null : (
                <>
                  {" "}
                  of <code>{hostName}</code>
                </>
              )}
              .
            </>
          }
          verbs={
            mayConfirm ? (
              <a class="btn btn-s" href={href} aria-label={`Review: ${name}`}>
                Review…
              </a>
            ) : null
          }
        >
          Its retention change would remove existing snapshots and needs an operator’s confirmation.
        </Notice>
      ))}
    </>
  );
}

function Line(props: {
  line: MaintenanceLine;
  check: MaintenanceView["check"];
  path: string;
  mayRun: boolean;
  view: View;
}) {
  const { line, check, path, mayRun, view } = props;
  const title = MAINTENANCE_TITLES[line.kind];
  return (
    <tr id={`m-${line.kind}`}>
      <td class="first">
        <b>{title}</b>
      </td>
      <td data-th="Schedule">
        {line.words === null ? "Manual only" : sentence(line.words)}
        <small>{line.expression === null ? null : <code>{line.expression}</code>}</small>
        {line.kind === "check" ? <small>{checkWords(check)}</small> : null}
      </td>
      <td data-th="Last">
        <Last line={line} view={view} />
      </td>
      <td data-th="Next">
        <Next line={line} view={view} />
      </td>
      <td class="num wide">
        {mayRun && line.openJobId === null ? <RunButton line={line} path={path} view={view} /> : null}
        {line.openJobId === null ? null : (
          <a class="btn btn-s" href={`/jobs/${line.openJobId}`}>
            View job
          </a>
        )}
      </td>
    </tr>
  );
}

/** Disabled where the server would refuse, pointing at the reason beside it. */
function RunButton({ line, path, view }: { line: MaintenanceLine; path: string; view: View }) {
  const isRefused = line.next.is === "blocked" && REFUSED.has(line.next.why);
  if (isRefused) return <BlockedButton why={`m-${line.kind}-why`} small>{`Run ${line.kind}`}</BlockedButton>;
  return (
    <Verb action={`${path}/${line.kind}`} csrf={view.csrf} icon="play" small>
      Run {line.kind}
    </Verb>
  );
}

function Last({ line: { last }, view }: { line: MaintenanceLine; view: View }) {
  if (last === null) return <span class="t3">never</span>;
  const when = <Ago at={last.at} view={view} />;
  return (
    <>
      <span class={`badge ${last.status === "ok" ? "ok" : "failed"}`}>
        <Glyph name={STATUS[last.status]} />
        {last.jobId ? (
          <a class="plain" href={`/jobs/${last.jobId}`}>
            {last.status === "ok" ? when : last.status === "errors" ? <>errors {when}</> : <>failed {when}</>}
          </a>
        ) : (
          when
        )}
      </span>
      {last.note ? <small>{last.note}</small> : null}
    </>
  );
}

function Next({ line: { kind, next }, view }: { line: MaintenanceLine; view: View }) {
  switch (next.is) {
    case "due":
      return <Badge glyph="queued">due now</Badge>;
    case "later":
      return (
        <>
          <span class="t2">
            <Ago at={next.at} view={view} />
          </span>
          <small>
            <Near at={next.at} view={view} />
          </small>
        </>
      );
    case "blocked":
      return (
        <span id={`m-${kind}-why`} class={NEEDS_SOMEBODY.has(next.why) ? "is-warning" : "t3"}>
          {BLOCKS[next.why]}
        </span>
      );
  }
}

/** What each check reads, and how long it takes to read everything once. */
function checkWords({ parts, part, downloadBytes, roundMs, fullyReadSince }: MaintenanceView["check"]): string {
  if (parts === null) return "checks metadata only";
  const reads = parts === 1 ? "reads all data" : `reads part ${part ?? 1} of ${parts}`;
  const size = downloadBytes === null ? "" : `, about ${formatBytes(downloadBytes)} each time`;
  const round = roundMs === null ? "" : ` · reads everything ${everySpan(roundMs)}`;
  return `${reads}${size}${round}${fullyReadSince === null ? " · not everything read yet" : ""}`;
}

function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
