/** The shape of a command, and how its arguments are parsed. */
import type { Clock } from "../../shared/time/clock.ts";
import type { AgentEnvironment } from "../config.ts";

export type Flag = {
  name: `--${string}`;
  /** The value's name in the usage text; missing for a switch. */
  value?: string;
  help: string;
};

/** Values by flag name; `true` for switches. */
export type Given = ReadonlyMap<string, string | true>;

export type Io = {
  environment: AgentEnvironment;
  clock: Clock;
  /** Results. */
  out(line: string): void;
  /** Problems. */
  err(line: string): void;
};

export type Command = {
  name: string;
  summary: string;
  flags: Flag[];
  /** @returns the exit code */
  run(given: Given, io: Io): Promise<number>;
};

export type ReadArguments = { ok: true; given: Given } | { ok: false; problem: string };

/** Takes `--flag value` and `--flag=value`. Anything unknown is a problem. */
export function readArguments(flags: Flag[], args: string[]): ReadArguments {
  const given = new Map<string, string | true>();
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const [name, inline] = splitOnce(arg);
    const flag = flags.find((one) => one.name === name);
    if (!flag) return { ok: false, problem: `Unknown argument: ${arg}` };
    if (flag.value === undefined) {
      if (inline !== null) return { ok: false, problem: `${flag.name} takes no value` };
      given.set(flag.name, true);
      continue;
    }
    const value = inline ?? rest.shift();
    if (value === undefined || value === "" || value.startsWith("--")) {
      return { ok: false, problem: `${flag.name} needs a value: ${flag.value}` };
    }
    given.set(flag.name, value);
  }
  return { ok: true, given };
}

export function textOf(given: Given, name: string): string | null {
  const value = given.get(name);
  return typeof value === "string" ? value : null;
}

function splitOnce(arg: string): [string, string | null] {
  const at = arg.indexOf("=");
  return at < 0 ? [arg, null] : [arg.slice(0, at), arg.slice(at + 1)];
}
