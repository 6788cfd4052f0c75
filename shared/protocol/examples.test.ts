/** One golden example per message (and per kind of order) fixes the protocol: both sides read exactly what is in the files. */
import { describe, expect, test } from "bun:test";
import fromServer from "./examples/to-agent.json";
import fromAgents from "./examples/to-server.json";
import { commandRun, parseToAgent, toAgent } from "./to-agent.ts";
import { DURABLE_TYPES, parseToServer, toServer } from "./to-server.ts";

type Example = { type: string; payload: Record<string, unknown>; seq?: number };
const nameOf = ({ type, payload }: Example) => (type === "command.run" ? `${type} ${String(payload["kind"])}` : type);

describe.each([
  ["agent → server", fromAgents as Example[], parseToServer],
  ["server → agent", fromServer as Example[], parseToAgent],
] as const)("%s", (_direction, examples, parse) => {
  test.each(examples.map((example) => [nameOf(example), example] as const))("%s is read whole", (_name, example) => {
    const read = parse(JSON.stringify(example));
    expect(read).toEqual({ ok: true, message: example } as never);
  });

  test.each(examples.map((example) => [nameOf(example), example] as const))(
    "%s lacks none of its fields in vain",
    (_name, example) => {
      // A field that could be omitted without an error would not be fixed. The optional ones are known.
      const optional = [
        "credential",
        "help_url",
        "warning_causes",
        "unreadable",
        "lock_files",
        "phase_ms",
        "job",
        "unit_version",
      ];
      for (const field of Object.keys(example.payload).filter((name) => !optional.includes(name))) {
        const { [field]: _left, ...rest } = example.payload;
        expect(parse(JSON.stringify({ ...example, payload: rest })).ok, `${nameOf(example)} without ${field}`).toBe(
          false,
        );
      }
    },
  );
});

test("every message and every kind of order has its example", () => {
  expect(new Set(fromAgents.map(({ type }) => type))).toEqual(new Set(Object.keys(toServer)));
  expect(new Set(fromServer.map(({ type }) => type))).toEqual(new Set(Object.keys(toAgent)));
  const kinds = commandRun.options.map(({ entries }) => entries.kind.literal as string);
  const shown = (fromServer as Example[]).filter(({ type }) => type === "command.run");
  expect(shown.map(({ payload }) => payload["kind"] as string).toSorted()).toEqual(kinds.toSorted());
});

test("durable messages have a number", () => {
  const durable: readonly string[] = DURABLE_TYPES;
  for (const { type, seq } of fromAgents as Example[]) expect(seq !== undefined, type).toBe(durable.includes(type));
});
