/** restic's upload and download limits on this host, in KiB/s: the job's, else the host's, never above the owner's cap in agent.yaml. */
import type { RateLimits } from "../../restic/argv.ts";
import type { HandlerDeps } from "./handler.ts";

type Bandwidth = { up_kbps: number | null; down_kbps: number | null };

/** @param own limits of this job; null = the host's */
export function rateLimits(deps: Pick<HandlerDeps, "state" | "maxUploadKbps">, own: Bandwidth | null): RateLimits {
  const usual = deps.state.bandwidth();
  const wanted = own ?? usual;
  return {
    uploadLimit: least(wanted.up_kbps ?? usual.up_kbps, deps.maxUploadKbps),
    downloadLimit: wanted.down_kbps ?? usual.down_kbps,
  };
}

/** 0 means no limit. */
function least(a: number | null, b: number | null): number | null {
  const limits = [a, b].filter((limit) => limit !== null && limit > 0) as number[];
  return limits.length === 0 ? null : Math.min(...limits);
}
