// Settings that a host could not apply, each with its group, line and reason.
import type { SettingsProblem } from "../../shared/hosts.ts";
import { Notice } from "../components/panels.tsx";
import { may, type View } from "../view.ts";

const SHOWN = 8;

export function notSaved(problems: readonly SettingsProblem[]): SettingsProblem | null {
  return problems.find(({ is }) => is === "not_saved") ?? null;
}

type Props = { host: { id: string; name: string }; problems: readonly SettingsProblem[]; view: View };

/** Nothing when there are none. */
export function SettingsProblems({ host, problems, view }: Props) {
  const whole = notSaved(problems);
  if (whole)
    return (
      <Notice glyph="failed" reason="Settings not saved.">
        <code>{host.name}</code> keeps its previous settings, if it has any. The server retries every minute while the
        host is online. The agent reports: {whole.message}
      </Notice>
    );
  const unmade = problems.find(({ is }) => is === "not_made");
  if (unmade)
    return (
      <Notice glyph="failed" reason="Settings not sent.">
        <code>{host.name}</code> keeps its previous settings, if it has any. {unmade.message}
      </Notice>
    );
  if (problems.length === 0) return null;
  return (
    <Notice glyph="warning" reason="Some settings could not be applied.">
      <code>{host.name}</code> uses all the others.
      <ProblemList host={host} problems={problems} view={view} />
    </Notice>
  );
}

/** The lines of one group, in its own editor. */
export function GroupProblems({ problems }: { problems: readonly SettingsProblem[] }) {
  if (problems.length === 0) return null;
  return (
    <Notice glyph="warning" reason="Some of these lines cannot be used on this host.">
      All other paths are backed up.
      <ul class="plain-list">
        {problems.slice(0, SHOWN).map((problem) => (
          <li>
            {problem.is === "group" ? <Line line={problem.line} /> : null}
            {problem.message}
          </li>
        ))}
      </ul>
    </Notice>
  );
}

function ProblemList({ host, problems, view }: Props) {
  const more = problems.length - SHOWN;
  return (
    <ul class="plain-list">
      {problems.slice(0, SHOWN).map((problem) => (
        <li>
          <Place host={host} problem={problem} view={view} />
          {problem.message}
        </li>
      ))}
      {more > 0 ? <li>and {more} more</li> : null}
    </ul>
  );
}

function Place({ host, problem, view }: { host: { id: string }; problem: SettingsProblem; view: View }) {
  switch (problem.is) {
    case "group": {
      const name = <code>{problem.name}</code>;
      const href = `/hosts/${host.id}/sources/${problem.id}#${problem.line?.list ?? "includes"}`;
      return (
        <>
          {may(view, "operator") ? <a href={href}>{name}</a> : name}, <Line line={problem.line} />
        </>
      );
    }
    case "repo":
      return (
        <>
          Repo{" "}
          <a href={`/hosts/${host.id}/repos/${problem.id}`}>
            <code>{problem.name}</code>
          </a>
          :{" "}
        </>
      );
    case "schedule":
      return (
        <>
          <a href={`/hosts/${host.id}/schedules`}>A schedule</a>:{" "}
        </>
      );
    case "other":
      return (
        <>
          <code>{problem.place}</code>:{" "}
        </>
      );
    case "not_saved":
      return null;
  }
}

function Line({ line }: { line: Extract<SettingsProblem, { is: "group" }>["line"] }) {
  if (line === null) return null;
  return (
    <>
      {line.list} line {line.number} <code>{line.text}</code>:{" "}
    </>
  );
}
