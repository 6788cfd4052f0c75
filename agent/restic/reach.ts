/** Checks within seconds whether the repo's server is reachable; restic itself would try for 15 minutes. */
import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import type { AppendOnly } from "../../shared/repos.ts";
import { authorities } from "../machine/authorities.ts";
import { type RepoAccess, restEndpoint } from "./access.ts";

export type Reach =
  | { reached: true /** of a REST server, when it answered us by HTTP */; httpStatus: number | null }
  | { reached: false; why: "silent" | "refused"; problem: string };

/** Any HTTP answer counts. @param viaProxy there is a proxy in between, so a direct connection proves nothing. */
export async function reach(
  access: RepoAccess,
  withinMs: number,
  viaProxy: boolean,
  signal: AbortSignal,
): Promise<Reach> {
  const rest = restEndpoint(access);
  if (rest !== null) return await reachRest(`${rest.url}/config`, rest.headers, withinMs, signal);
  const target = tcpTarget(access.credential.url);
  if (target === null || viaProxy) return { reached: true, httpStatus: null };
  const answer = await reachTcp(target, withinMs);
  // Host and port may come from ssh's own configuration, so only a time-out counts against such a server.
  if (access.kind === "sftp" && !answer.reached && answer.why === "refused") return { reached: true, httpStatus: null };
  return answer;
}

async function reachRest(
  url: string,
  headers: Record<string, string>,
  withinMs: number,
  signal: AbortSignal,
): Promise<Reach> {
  try {
    const response = await request(url, "HEAD", headers, withinMs, signal);
    return { reached: true, httpStatus: response.status };
  } catch (error) {
    // The server is there. restic judges its certificate, by the system's authorities.
    if (isCertificateProblem(error)) return { reached: true, httpStatus: null };
    const silent = error instanceof Error && error.name === "TimeoutError";
    const problem = error instanceof Error ? error.message : String(error);
    return { reached: false, why: silent ? "silent" : "refused", problem };
  }
}

/**
 * Asks a REST server, with the everyday credential, to delete a data blob that does not exist. Only a refusal proves
 * that a stolen credential cannot delete history.
 */
export async function proveAppendOnly(access: RepoAccess, withinMs: number, signal: AbortSignal): Promise<AppendOnly> {
  const rest = restEndpoint(access);
  if (rest === null) return access.kind === "rest" ? "unknown" : "not_applicable";
  const blob = randomBytes(32).toString("hex");
  try {
    const { status } = await request(`${rest.url}/data/${blob}`, "DELETE", rest.headers, withinMs, signal);
    if (status === 403) return "proven";
    return status === 404 || (status >= 200 && status < 300) ? "violated" : "unknown";
  } catch {
    return "unknown";
  }
}

async function request(
  url: string,
  method: string,
  headers: Record<string, string>,
  withinMs: number,
  signal: AbortSignal,
) {
  const options = {
    method,
    headers,
    redirect: "manual",
    keepalive: false,
    signal: AbortSignal.any([signal, AbortSignal.timeout(withinMs)]),
    ...(url.startsWith("https:") ? { tls: { ca: authorities(null) } } : {}),
  };
  return await fetch(url, options as RequestInit);
}

function isCertificateProblem(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return /CERT|ISSUER|SIGNED|ALTNAME/.test(code);
}

/** Host and port behind an sftp, s3 or b2 address; null when there is none. */
export function tcpTarget(url: string): { host: string; port: number } | null {
  const sftpUrl = /^sftp:\/\/(?:[^@/]*@)?(\[[^\]]+\]|[^:/]+)(?::(\d+))?/.exec(url);
  if (sftpUrl) return target(sftpUrl[1], sftpUrl[2], 22);
  const sftp = /^sftp:(?:[^@:/]*@)?([^:/]+):/.exec(url);
  if (sftp) return target(sftp[1], undefined, 22);
  const s3 = /^s3:(?:(https?):\/\/)?([^:/]+)(?::(\d+))?/.exec(url);
  if (s3) return target(s3[2], s3[3], s3[1] === "http" ? 80 : 443);
  return url.startsWith("b2:") ? { host: "api.backblazeb2.com", port: 443 } : null;
}

function target(host: string | undefined, port: string | undefined, usual: number) {
  return host ? { host: host.replace(/^\[|\]$/g, ""), port: Number(port ?? usual) } : null;
}

function reachTcp({ host, port }: { host: string; port: number }, withinMs: number): Promise<Reach> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const finish = (result: Reach) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(withinMs, () =>
      finish({
        reached: false,
        why: "silent",
        problem: `no answer from ${host}:${port} within ${Math.round(withinMs / 1000)} s`,
      }),
    );
    socket.on("connect", () => finish({ reached: true, httpStatus: null }));
    socket.on("error", (error) => finish({ reached: false, why: "refused", problem: error.message }));
  });
}
