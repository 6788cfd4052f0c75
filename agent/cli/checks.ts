/** The checks of `doctor`, as a table. */
import { installCommand } from "../../shared/install-command.ts";
import { createRedactor } from "../../shared/redact.ts";
import { unitLacks, unitLacksInWords } from "../../shared/unit.ts";
import { type AgentConfig, configPath, findConfig, isTooOpen } from "../config.ts";
import { proxyFor } from "../link/proxy.ts";
import { createTrust, WrongKey } from "../link/trust.ts";
import { PLATFORM } from "../machine/platform.ts";
import { loadedUnit, UNIT_NAME } from "../machine/service-unit.ts";
import { freeBytes, isWritable } from "../machine/sysinfo.ts";
import { accessOf, redactCredential, shownUrl } from "../restic/access.ts";
import { reach } from "../restic/reach.ts";
import { findSecrets } from "../state/secrets.ts";
import { readStatus } from "../state/status-file.ts";
import { openAgentDbReadonly } from "../store/open.ts";
import { createStore } from "../store/store.ts";
import { bytesInWords, countOf, durationInWords } from "../words.ts";
import type { Io } from "./command.ts";
import { findRestic } from "./find-restic.ts";
import { REST_IN_WORDS, schedulesOf } from "./schedules.ts";

export type Finding = { ok: true; text: string } | { ok: false; text: string; remedy: string };
type Check = (io: Io) => Promise<Finding[]>;

const ANSWER_WITHIN_MS = 20_000;
const MOST_SKEW_MS = 60_000;
const LEAST_FREE_BYTES = 256 * 1024 * 1024;

export const CHECKS: Check[] = [enrolment, permissions, restic, server, connection, repositories, schedules, service];

async function enrolment(io: Io): Promise<Finding[]> {
  const found = findConfig(io.environment);
  if (found.found === "missing")
    return [bad("this machine is not enrolled", "restic-manager-agent enroll --server URL")];
  if (found.found === "bad")
    return [bad(`${found.path} cannot be used: ${found.problem}`, "correct the file, or enrol again")];
  const { config } = found;
  const path = configPath(io.environment);
  const findings = [good(`enrolled as ${config.host_name} at ${config.server}`)];
  if (isTooOpen(path)) findings.push(bad(`${path} is readable by other users`, `chmod 600 ${path}`));
  return findings;
}

async function permissions(io: Io): Promise<Finding[]> {
  const { stateFolder } = io.environment;
  const findings: Finding[] = [];
  if (PLATFORM.os === "linux" && process.getuid?.() !== 0) {
    findings.push(
      bad("not running as root, so some files cannot be read", "run the agent as root, through its service"),
    );
  }
  if (!isWritable(stateFolder))
    return [...findings, bad(`${stateFolder} is not writable`, "check its owner and permissions")];
  const free = freeBytes(stateFolder);
  if (free !== null && free < LEAST_FREE_BYTES) {
    findings.push(bad(`only ${bytesInWords(free)} free at ${stateFolder}`, "make room there"));
  } else findings.push(good(`${stateFolder} is writable${free === null ? "" : `, ${bytesInWords(free)} free`}`));
  return findings;
}

async function restic(io: Io): Promise<Finding[]> {
  const found = await findRestic(io.environment, io.clock);
  if (found.found === "ok") return [good(`restic ${found.binary.version} at ${found.binary.path}`)];
  return [bad(found.problem, found.remedy)];
}

/** Checks address, certificate and clock in one request. */
async function server(io: Io): Promise<Finding[]> {
  const config = configOf(io);
  if (config === null) return [];
  try {
    const response = await fetch(`${config.server}/healthz`, {
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      tls: await createTrust(config.server, config.trust).options(),
    } as RequestInit);
    const findings = [
      good(`${config.server} answers${config.server.startsWith("https:") ? ", its certificate is trusted" : ""}`),
    ];
    const skew = skewOf(response, io.clock.now());
    if (skew === null) return findings;
    const far = Math.abs(skew) > MOST_SKEW_MS;
    return [
      ...findings,
      far
        ? bad(`the clocks differ by ${durationInWords(Math.abs(skew))}`, "set up NTP on this machine and on the server")
        : good("the clocks agree"),
    ];
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    if (error instanceof WrongKey)
      return [
        bad(text, "if the server was reinstalled, enrol again. Otherwise someone may be intercepting the connection"),
      ];
    return [
      bad(
        `${config.server} cannot be reached: ${text}`,
        "check the address, the network, the proxy and the certificate authority (--ca)",
      ),
    ];
  }
}

function skewOf(response: Response, now: number): number | null {
  const date = Date.parse(response.headers.get("date") ?? "");
  return Number.isFinite(date) ? date - now : null;
}

async function connection(io: Io): Promise<Finding[]> {
  const status = readStatus(io.environment.stateFolder);
  if (status === null)
    return [bad("the agent is not running", "systemctl start restic-manager-agent, or run it by hand")];
  if (!status.connected)
    return [bad(`the agent is not connected: ${status.problem ?? "no reason known"}`, "see above")];
  return [good("the agent is running and connected")];
}

async function repositories(io: Io): Promise<Finding[]> {
  const config = configOf(io);
  if (config === null) return [];
  const { stateFolder, proxy } = io.environment;
  const found = findSecrets(stateFolder, config.secrets_key);
  if (found.found === "damaged") {
    return [
      bad(
        "secrets.enc is damaged",
        "restart the agent: it moves the file aside and gets the credentials from the server again",
      ),
    ];
  }
  if (found.found === "none") return [good("no repositories yet: the server has not sent any")];
  const redactor = createRedactor();
  const findings: Finding[] = [];
  for (const [repoId, credential] of Object.entries(found.secrets.credentials)) {
    redactCredential(redactor, credential);
    const access = accessOf(repoId, "", credential);
    const viaProxy = proxyFor("https://repository.invalid", proxy) !== null;
    const result = await reach(access, ANSWER_WITHIN_MS, viaProxy, new AbortController().signal);
    const name = redactor.redact(shownUrl(access));
    if (!result.reached)
      findings.push(bad(`${name}: ${redactor.redact(result.problem)}`, "check that the repo server runs"));
    else if (result.httpStatus === 401)
      findings.push(bad(`${name} rejects the username or password`, "add the user there (htpasswd)"));
    else findings.push(good(`${name} is reachable`));
  }
  return findings;
}

async function schedules(io: Io): Promise<Finding[]> {
  const db = openAgentDbReadonly(io.environment.stateFolder);
  if (db === null) return [];
  try {
    const store = createStore(db);
    if (store.notes.find("desired_state") === null) return [];
    const { schedules, schedules_rest } = schedulesOf(store, io);
    if (schedules_rest === "paused") {
      return [bad(REST_IN_WORDS.paused, "resume them on this host's page on the server once the restore is finished")];
    }
    if (schedules_rest === "revoked") return [bad(REST_IN_WORDS.revoked, "enrol again, or uninstall the agent")];
    const running = schedules.filter(({ next_run_at }) => next_run_at !== null);
    if (running.length > 0) return [good(`${countOf(running.length, "schedule")} active, even without the server`)];
    return [bad("no schedule is active on this host", "add or enable one on this host's Schedules page on the server")];
  } finally {
    db.close();
  }
}

async function service(io: Io): Promise<Finding[]> {
  if (PLATFORM.os === "windows" || !io.environment.standardFolders) return [];
  const systemctl = Bun.which("systemctl", { PATH: io.environment.childBase.PATH ?? "/usr/bin:/bin" });
  if (!systemctl) return [bad("systemd is not installed on this machine", "start the agent from its init system")];
  const ask = (...args: string[]) =>
    Bun.spawnSync([systemctl, ...args, UNIT_NAME])
      .stdout.toString()
      .trim();
  const state = ask("is-active");
  if (state === "active") {
    return [good("the service is active"), ...unit(io, ask("show", "--property=Environment")), ...sandbox(io)];
  }
  return [bad(`the service is ${state || "unknown"}`, "systemctl enable --now restic-manager-agent")];
}

/** Only the installer changes the unit, so an agent can be newer than its unit. */
function unit(io: Io, shown: string): Finding[] {
  const config = configOf(io);
  const lacks = unitLacks(loadedUnit(shown));
  if (config === null || lacks.length === 0) return [];
  const { pin, ca_file: caFile } = config.trust;
  const command = installCommand(config.server, {}, { pin, caFile });
  return [
    bad(
      `the systemd unit is outdated. ${unitLacksInWords(lacks)}`,
      `run the installer again (identity and settings are kept): ${command}`,
    ),
  ];
}

/** What may run outside the service's sandbox, as the owner has decided. */
function sandbox(io: Io): Finding[] {
  const config = configOf(io);
  if (config === null) return [];
  if (!config.allow_outside) return [good("everything runs inside the service's sandbox (allow_outside: false)")];
  if (Bun.which("systemd-run", { PATH: io.environment.childBase.PATH ?? "/usr/bin:/bin" })) {
    return [good("hooks and local repositories run outside the service's sandbox")];
  }
  return [bad("hooks and local repositories do not work here: systemd-run is missing", "install systemd")];
}

function configOf(io: Io): AgentConfig | null {
  const found = findConfig(io.environment);
  return found.found === "ok" ? found.config : null;
}

function good(text: string): Finding {
  return { ok: true, text };
}

function bad(text: string, remedy: string): Finding {
  return { ok: false, text, remedy };
}
