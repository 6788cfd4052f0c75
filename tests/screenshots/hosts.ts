// The sample fleet as a table: the same machines and the same Friday morning as in the design.
import type { Retention } from "../../shared/retention.ts";

/** One letter a night, oldest first: o ok, w warnings, f failed, m missed, n none due. */
const GOOD = "o".repeat(30);
const BAD_NIGHT = `${"o".repeat(17)}f${"o".repeat(12)}`;
const OFFICE = "oonnooooonnooooonnooooonnoooon";

export type SampleGroup = {
  name: string;
  includes: string[];
  nights: string;
  minutes: number;
  files: number;
  gib: number;
  /** The default one where it is left out. */
  retention?: Retention;
};

export type SampleHost = {
  name: string;
  os?: "windows";
  arch?: "arm64";
  tags: string[];
  sizeGib: number;
  snapshots: number;
  /** How long ago the last backup ended. */
  lastHoursAgo: number;
  groups: SampleGroup[];
  offlineHours?: number;
  lastFailed?: { code: "pre_hook_failed" | "repo_unreachable"; message: string };
  warnings?: number;
  roaming?: boolean;
  /** Of its systemd unit; none: it says nothing. */
  unitVersion?: number;
};

const one = (nights: string, minutes: number, gib: number, includes = ["/etc", "/home", "/var/www"]): SampleGroup[] => [
  { name: "default", includes, nights, minutes, files: Math.round(gib * 1800), gib },
];

export const SAMPLE_HOSTS: readonly SampleHost[] = [
  {
    name: "nas-02",
    tags: ["branch", "storage"],
    sizeGib: 926,
    snapshots: 87,
    lastHoursAgo: 79,
    offlineHours: 62,
    groups: [
      {
        name: "projects",
        includes: ["/tank/projects"],
        nights: "ooooooooooooooooofooooooooommm",
        minutes: 34,
        files: 210_400,
        gib: 604,
      },
      {
        name: "scans",
        includes: ["/tank/scans"],
        nights: "oooooooooooooooooooooooooooommm".slice(1),
        minutes: 6,
        files: 80_300,
        gib: 181,
      },
    ],
    lastFailed: {
      code: "repo_unreachable",
      message: "The repo server did not answer within 20 s. Check that it runs and can be reached from nas-02.",
    },
  },
  {
    name: "db-01",
    tags: ["db", "prod"],
    sizeGib: 212,
    snapshots: 96,
    lastHoursAgo: 8,
    groups: [
      {
        name: "postgres",
        includes: ["/var/lib/postgresql"],
        nights: "ooooooooooooooooofooooooooooof",
        minutes: 9,
        files: 2_140,
        gib: 188,
      },
    ],
    lastFailed: {
      code: "pre_hook_failed",
      message: "The pre-hook ended with exit code 1: pg_dump could not connect. Fix the hook, then run it again.",
    },
  },
  {
    name: "laptop-anna",
    os: "windows",
    tags: ["laptop"],
    sizeGib: 73.6,
    snapshots: 52,
    lastHoursAgo: 20,
    roaming: true,
    warnings: 2,
    groups: one("oonnoomoonnoooomnnooooonnowwwn", 4, 64, ["C:\\Users\\anna"]),
  },
  {
    name: "nas-01",
    tags: ["storage"],
    sizeGib: 1884,
    snapshots: 142,
    lastHoursAgo: 7,
    groups: [
      {
        name: "documents",
        includes: ["/tank/documents", "/tank/scans", "/home"],
        nights: `oooooooow${BAD_NIGHT.slice(9)}`,
        minutes: 4,
        files: 388_120,
        gib: 214,
        retention: { keep_hourly: 24, keep_daily: 14, keep_weekly: 8, keep_monthly: 12, keep_yearly: 3 },
      },
      { name: "media", includes: ["/tank/media"], nights: BAD_NIGHT, minutes: 7, files: 18_204, gib: 1147 },
      { name: "photos", includes: ["/tank2/photos"], nights: BAD_NIGHT, minutes: 5, files: 76_930, gib: 412 },
    ],
  },
  {
    name: "git-01",
    unitVersion: 1,
    tags: ["prod"],
    sizeGib: 58.3,
    snapshots: 188,
    lastHoursAgo: 3,
    groups: one(GOOD, 1, 51),
  },
  {
    name: "home-assistant",
    arch: "arm64",
    tags: ["home"],
    sizeGib: 6.4,
    snapshots: 63,
    lastHoursAgo: 6,
    groups: one(`ooooom${BAD_NIGHT.slice(6)}`, 1, 5),
  },
  {
    name: "mail-01",
    tags: ["prod"],
    sizeGib: 164,
    snapshots: 74,
    lastHoursAgo: 7,
    groups: [
      {
        name: "mail",
        includes: ["/var/vmail"],
        nights: `${BAD_NIGHT.slice(0, 22)}ww${BAD_NIGHT.slice(24)}`,
        minutes: 11,
        files: 912_000,
        gib: 140,
      },
      { name: "system", includes: ["/etc", "/root"], nights: BAD_NIGHT, minutes: 1, files: 4_120, gib: 1 },
    ],
  },
  {
    name: "vpn-01",
    arch: "arm64",
    tags: ["edge", "home"],
    sizeGib: 1.2,
    snapshots: 58,
    lastHoursAgo: 6,
    groups: one(`ooooom${BAD_NIGHT.slice(6)}`, 1, 1),
  },
  {
    name: "web-01",
    tags: ["prod", "web"],
    sizeGib: 41.2,
    snapshots: 61,
    lastHoursAgo: 7,
    groups: one(BAD_NIGHT, 3, 36),
  },
  {
    name: "web-02",
    tags: ["prod", "web"],
    sizeGib: 38.7,
    snapshots: 61,
    lastHoursAgo: 7,
    groups: one(BAD_NIGHT, 3, 34),
  },
  {
    name: "win-finance",
    os: "windows",
    tags: ["office"],
    sizeGib: 88.5,
    snapshots: 47,
    lastHoursAgo: 14,
    groups: one(OFFICE, 6, 70, ["D:\\Finance"]),
  },
  {
    name: "win-reception",
    os: "windows",
    tags: ["office"],
    sizeGib: 31.9,
    snapshots: 44,
    lastHoursAgo: 14,
    groups: one(`${OFFICE.slice(0, 12)}f${OFFICE.slice(13)}`, 3, 28, ["C:\\Users"]),
  },
];
