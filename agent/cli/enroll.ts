/** enroll: registers this machine as a host of a server. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fingerprintGroups } from "../../shared/fingerprint.ts";
import { isPlainHttpAllowed } from "../../shared/server-link.ts";
import { configPath, isTooOpen } from "../config.ts";
import { type Announced, announce } from "../join/announce.ts";
import { enroll } from "../join/enroll.ts";
import { type Command, type Given, type Io, textOf } from "./command.ts";
import { findRestic } from "./find-restic.ts";

export const enrollCommand: Command = {
  name: "enroll",
  summary: "Enrol this machine, with the one-time token in RM_TOKEN or by asking an admin",
  flags: [
    { name: "--server", value: "URL", help: "the server's address, such as https://backup.example" },
    { name: "--pin", value: "sha256//…", help: "the server's public key, when its certificate is self-signed" },
    { name: "--ca", value: "FILE", help: "PEM file of the authority that signed the server's certificate" },
    { name: "--insecure", help: "allow plain http to another machine" },
  ],
  async run(given, io) {
    const read = readFlags(given);
    if (typeof read === "string") {
      io.err(read);
      return 2;
    }
    const { token } = io.environment;
    const restic = await findRestic(io.environment, io.clock);
    const order = { ...read, resticVersion: restic.found === "ok" ? restic.binary.version : null };
    const result =
      token === null
        ? await announce(io.environment, order, io.clock, (announced) => showFingerprint(io, read.server, announced))
        : await enroll(io.environment, { ...order, token });
    if (!result.done) {
      io.err(result.problem);
      return 1;
    }
    const path = configPath(io.environment);
    io.out(`Enrolled as ${result.config.host_name} at ${result.config.server}`);
    io.out(`Configuration: ${path}`);
    if (isTooOpen(path)) io.err(`${path} is readable by other users: chmod 600 ${path}`);
    return 0;
  },
};

/** In groups of four, as on the server's page. */
function showFingerprint(io: Io, server: string, { fingerprint, isNameTaken }: Announced): void {
  const [kind, ...groups] = fingerprintGroups(fingerprint);
  io.out(`This machine is asking to join ${server}. An admin can accept it there if the page shows this fingerprint:`);
  io.out("");
  io.out(`    ${kind}  ${groups.join(" ")}`);
  io.out("");
  if (isNameTaken) io.out("The server already has a host with this machine's name. The admin will see that.");
  io.out("Waiting up to an hour for an answer. If this command stops, run it again to continue.");
}

function readFlags(given: Given) {
  const text = textOf(given, "--server");
  if (text === null) return "--server is missing: give the server's address, such as https://backup.example";
  const server = text.replace(/\/+$/, "");
  if (!URL.canParse(server) || !/^https?:\/\/[^/]+(\/.*)?$/.test(server))
    return `--server is not a valid address: ${text}`;
  const insecure = given.has("--insecure");
  if (!isPlainHttpAllowed(server, insecure)) {
    return "Plain http to another machine would expose the agent's token on the network: use https, or add --insecure";
  }
  const pin = textOf(given, "--pin");
  if (pin !== null && !/^sha256\/\/[A-Za-z0-9+/]{43}=$/.test(pin))
    return "--pin must look like sha256//…= (as in curl's --pinnedpubkey)";
  const ca = textOf(given, "--ca");
  const caFile = ca === null ? null : resolve(ca);
  if (caFile !== null && !existsSync(caFile)) return `--ca: there is no file ${caFile}`;
  return { server, trust: { pin, ca_file: caFile, insecure } };
}
