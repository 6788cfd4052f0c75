/** version: this program, its protocol, and the restic it would use. */
import { PROTOCOL_VERSION } from "../../shared/protocol/version.ts";
import { PRODUCT_VERSION } from "../../shared/version.ts";
import { PLATFORM } from "../machine/platform.ts";
import type { Command } from "./command.ts";
import { findRestic } from "./find-restic.ts";

export const versionCommand: Command = {
  name: "version",
  summary: "Print the versions of the agent, its protocol and restic",
  flags: [],
  async run(_given, io) {
    io.out(`restic-manager-agent ${PRODUCT_VERSION} (${PLATFORM.os} ${PLATFORM.arch})`);
    io.out(`protocol ${PROTOCOL_VERSION}`);
    const restic = await findRestic(io.environment, io.clock);
    io.out(
      restic.found === "ok"
        ? `restic ${restic.binary.version} (${restic.binary.path})`
        : "restic: no supported version found",
    );
    return 0;
  },
};
