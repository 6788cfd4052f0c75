// The verdict of a source group's page.
import type { LastBackup } from "../../shared/hosts.ts";
import { Verdict } from "../components/status.tsx";
import { Ago } from "../components/time.tsx";
import { formatPlural } from "../format.ts";
import { warningsInWords } from "../hosts/words.tsx";
import type { View } from "../view.ts";

export type EditorVerdictFacts = {
  host: { name: string };
  group: { id: string | null; name: string; tag: string };
  last: LastBackup;
  schedules: readonly string[];
  conflicts: number;
};

export function EditorVerdict({ host, group, last, schedules, conflicts, view }: EditorVerdictFacts & { view: View }) {
  const name = <code>{group.name}</code>;
  if (group.id === null)
    return (
      <Verdict>
        New source group on <code>{host.name}</code>
      </Verdict>
    );
  const sub = (
    <>
      <LastRun last={last} view={view} /> · snapshot tag <code>{group.tag}</code>
    </>
  );
  if (last.status === "failed")
    return (
      <Verdict glyph="failed" sub={sub}>
        The last backup of {name} failed: {last.reason}.
      </Verdict>
    );
  if (schedules.length === 0)
    return (
      <Verdict glyph="warning" sub={sub}>
        {name} has no schedule. It is backed up only when someone presses Run now.
      </Verdict>
    );
  const runs = schedules.join(" and ");
  if (conflicts > 0)
    return (
      <Verdict glyph="warning" sub={sub}>
        {name} is backed up {runs}, but {formatPlural(conflicts, "retention rule")} cannot work as written.
      </Verdict>
    );
  return (
    <Verdict glyph={last.status === "never" ? "idle" : last.status === "warning" ? "warning" : "ok"} sub={sub}>
      {name} is backed up {runs}.
    </Verdict>
  );
}

function LastRun({ last, view }: { last: LastBackup; view: View }) {
  switch (last.status) {
    case "never":
      return <>Not run yet</>;
    case "waiting":
      return <>A backup is waiting</>;
    case "running":
      return <>A backup is running</>;
    case "ok":
      return (
        <>
          Last run succeeded <Ago at={last.at} view={view} />
        </>
      );
    case "warning":
      return (
        <>
          Last run with warnings ({warningsInWords(last)}) <Ago at={last.at} view={view} />
        </>
      );
    case "failed":
      return (
        <>
          Last run failed <Ago at={last.at} view={view} />
        </>
      );
  }
}
