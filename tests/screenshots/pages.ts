// Every page of the product as an address in the sample fleet; each is pictured and each is checked by axe.
import type { SampleFleet } from "./fleet.ts";

export type SamplePage = { name: string; path: string /** Without signing in. */; stranger?: boolean };

export function samplePages({ hosts, runningJobId, waitingJobId, doneJobId, failedJobId }: SampleFleet): SamplePage[] {
  const host = (name: string) => {
    const found = hosts.find(({ sample }) => sample.name === name);
    if (!found) throw new Error(`the sample fleet has no ${name}`);
    return found;
  };
  const nas = host("nas-01");
  const away = host("nas-02");
  const base = `/hosts/${nas.id}`;
  return [
    { name: "sign-in", path: "/login", stranger: true },
    { name: "dashboard", path: "/" },
    { name: "dashboard-filtered", path: "/?q=web&tag=prod&sort=repo_size&dir=desc" },
    { name: "dashboard-no-match", path: "/?q=nobody" },
    { name: "add-host", path: "/hosts/new" },
    { name: "host-snapshots", path: base },
    { name: "host-offline", path: `/hosts/${away.id}` },
    { name: "host-sources", path: `${base}/sources` },
    { name: "host-source-new", path: `${base}/sources/new` },
    { name: "host-source-edit", path: `${base}/sources/${nas.groups[0]?.id}` },
    { name: "host-repos", path: `${base}/repos` },
    { name: "host-jobs", path: `${base}/jobs` },
    { name: "host-settings", path: `${base}/settings` },
    { name: "repo", path: `${base}/repos/${nas.repoId}` },
    { name: "repo-failed", path: `/hosts/${away.id}/repos/${away.repoId}` },
    { name: "repos", path: "/repos" },
    { name: "jobs", path: "/jobs" },
    { name: "jobs-of-a-night", path: `/jobs?host_id=${nas.id}&day=2026-11-19&kind=backup` },
    { name: "job-running", path: `/jobs/${runningJobId}` },
    { name: "job-waiting", path: `/jobs/${waitingJobId}` },
    { name: "job-done", path: `/jobs/${doneJobId}` },
    { name: "job-failed", path: `/jobs/${failedJobId}` },
    { name: "audit", path: "/audit" },
    { name: "account", path: "/settings/account" },
    { name: "search", path: "/search?q=nas" },
    { name: "not-found", path: "/nowhere" },
  ];
}
