// The dashboard's verdict: whether everything is protected, and what needs attention.
import type { HostNeed, NeedyHost } from "../../shared/hosts.ts";
import type { GlyphName } from "../components/glyph.tsx";
import { Verdict } from "../components/status.tsx";
import { formatPlural } from "../format.ts";
import { needInWords } from "../hosts/words.tsx";
import { heldPath } from "../links.ts";

/** Counts over all hosts that are not archived; `lastNight` are the backups due and run in the last 24 h. */
export type FleetVerdict = {
  hosts: number;
  protectedHosts: number;
  /** Worst first; only the first two are named. */
  needy: readonly NeedyHost[];
  lastNight: { ran: number; failed: number; empty?: number };
};

const NAMED = 2;
const QUIET: readonly HostNeed["kind"][] = [
  "saved_nothing",
  "not_scheduled",
  "warnings",
  "retention_held",
  "settings_refused",
  "drift",
];

function glyphFor(needy: readonly NeedyHost[]): GlyphName {
  if (needy.length === 0) return "ok";
  return needy.every(({ need }) => QUIET.includes(need.kind)) ? "warning" : "failed";
}

function lastDayInWords({ ran, failed, empty = 0 }: FleetVerdict["lastNight"]): string {
  const all = ran + failed + empty;
  if (all === 0) return "no backups in the last 24 h";
  return `${ran} of ${formatPlural(all, "backup")} succeeded in the last 24 h`;
}

/** `mayConfirm`: a held retention change links to the page that confirms it. */
export function DashboardVerdict({ verdict, mayConfirm = false }: { verdict: FleetVerdict; mayConfirm?: boolean }) {
  const { hosts, protectedHosts, needy, lastNight } = verdict;
  const glyph = glyphFor(needy);
  const share = `${protectedHosts} of ${formatPlural(hosts, "host")} protected`;
  if (needy.length === 0 && protectedHosts < hosts)
    return (
      <Verdict glyph="idle" sub={capital(lastDayInWords(lastNight))}>
        {share}. Nothing failed.
      </Verdict>
    );
  if (needy.length === 0)
    return (
      <Verdict glyph={glyph} sub={capital(lastDayInWords(lastNight))}>
        {hosts === 1 ? "Your host is protected." : `All ${hosts} hosts are protected.`}
      </Verdict>
    );
  const more = needy.length - NAMED;
  return (
    <Verdict glyph={glyph} sub={`${share} · ${lastDayInWords(lastNight)}`}>
      {formatPlural(needy.length, "host needs", "hosts need")} attention:{" "}
      {needy.slice(0, NAMED).map(({ id, name, need }, at) => (
        <>
          {at > 0 ? ", " : ""}
          <a href={`/hosts/${id}`}>
            <code>{name}</code>
          </a>{" "}
          {mayConfirm && need.kind === "retention_held" ? <HeldWords hostId={id} need={need} /> : needInWords(need)}
        </>
      ))}
      {more > 0 ? `, and ${more} more` : ""}.
    </Verdict>
  );
}

/** `needInWords` with a link to the page that confirms. */
function HeldWords({ hostId, need }: { hostId: string; need: Extract<HostNeed, { kind: "retention_held" }> }) {
  return (
    <>
      has a retention change for{" "}
      <a href={heldPath(hostId, need.groupId)}>
        <code>{need.group}</code>
      </a>{" "}
      awaiting confirmation
    </>
  );
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
