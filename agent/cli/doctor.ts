/** doctor: checks everything that the agent needs and prints a remedy for each problem. */

import { CHECKS, type Finding } from "./checks.ts";
import type { Command } from "./command.ts";

export const doctorCommand: Command = {
  name: "doctor",
  summary: "Check restic, server, certificate, clock, repositories, permissions and service",
  flags: [],
  async run(_given, io) {
    let problems = 0;
    for (const check of CHECKS) {
      for (const finding of await found(check, io)) {
        if (!finding.ok) problems += 1;
        io.out(`${finding.ok ? "ok     " : "problem"} ${finding.text}`);
        if (!finding.ok) io.out(`        remedy: ${finding.remedy}`);
      }
    }
    io.out(problems === 0 ? "No problems found" : `${problems} ${problems === 1 ? "problem" : "problems"} found`);
    return problems === 0 ? 0 : 1;
  },
};

async function found(check: (typeof CHECKS)[number], io: Parameters<typeof check>[0]): Promise<Finding[]> {
  try {
    return await check(io);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return [{ ok: false, text: `a check could not be completed: ${text}`, remedy: "please report this" }];
  }
}
