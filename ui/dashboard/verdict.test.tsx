// The dashboard's first sentence says what needs a person, and stays short.
import { describe, expect, test } from "bun:test";
import { DashboardVerdict, type FleetVerdict } from "./verdict.tsx";

function words(verdict: FleetVerdict): string {
  return String(<DashboardVerdict verdict={verdict} />)
    .replace(/<[^>]+>/g, "")
    .replace(/\s+/g, " ");
}

const calm: FleetVerdict = { hosts: 12, protectedHosts: 12, needy: [], lastNight: { ran: 12, failed: 0 } };

describe("dashboard verdict", () => {
  test("is calm when nothing needs a person", () => {
    expect(words(calm)).toBe("All 12 hosts are protected.12 of 12 backups succeeded in the last 24 h");
  });

  test("names the worst two and counts the rest", () => {
    const sentence = words({
      hosts: 12,
      protectedHosts: 9,
      needy: [
        { id: "1", name: "nas-02", need: { kind: "no_backup", sinceMs: 3 * 86_400_000 } },
        { id: "2", name: "db-01", need: { kind: "failed" } },
        { id: "3", name: "web-01", need: { kind: "never", group: null, repo: null } },
      ],
      lastNight: { ran: 7, failed: 2 },
    });
    expect(sentence).toContain(
      "3 hosts need attention: nas-02 has had no backup for 3 days, db-01 failed its last backup, and 1 more.",
    );
    expect(sentence).toContain("9 of 12 hosts protected · 7 of 9 backups succeeded in the last 24 h");
  });

  test("never claims more than is true", () => {
    expect(words({ ...calm, protectedHosts: 11 })).toStartWith("11 of 12 hosts protected. Nothing failed.");
  });

  test("a held retention change is amber, and linked for those who may confirm it", () => {
    const need = { kind: "retention_held", group: "docs", groupId: "g1" } as const;
    const verdict = { ...calm, needy: [{ id: "h1", name: "a", need }] };
    expect(words(verdict)).toContain(
      "1 host needs attention: a has a retention change for docs awaiting confirmation.",
    );
    const html = String(<DashboardVerdict verdict={verdict} mayConfirm />);
    expect(html).toContain('href="/hosts/h1/sources/g1#held"');
    expect(html).toContain("glyph warning");
    expect(String(<DashboardVerdict verdict={verdict} />)).not.toContain("#held");
  });

  test("warnings alone are amber, not red", () => {
    const html = String(
      <DashboardVerdict
        verdict={{ ...calm, needy: [{ id: "1", name: "a", need: { kind: "warnings", count: 2, causes: [] } }] }}
      />,
    );
    expect(html).toContain("glyph warning");
  });
});
