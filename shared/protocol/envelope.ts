/** The envelope of every frame, and a parser that tells the peer which field is wrong. */
import * as v from "valibot";
import { MAX_FRAME_BYTES } from "./version.ts";

export const envelope = v.object({
  type: v.pipe(v.string(), v.minLength(1), v.maxLength(64)),
  ts: v.pipe(v.number(), v.integer(), v.minValue(0)),
  seq: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  id: v.optional(v.pipe(v.string(), v.maxLength(64))),
  payload: v.unknown(),
});

export type Envelope<T extends string = string, P = unknown> = {
  type: T;
  ts: number;
  seq?: number;
  id?: string;
  payload: P;
};

/** The result of parsing a frame. Readers ignore `unknown` types, because a newer peer may send more. */
export type Parsed<M extends Envelope> =
  | { ok: true; message: M }
  | { ok: false; reason: "unknown"; type: string }
  | { ok: false; reason: "bad"; type: string | null; field: string };

type Schemas = Record<string, v.GenericSchema>;
export type MessageOf<S extends Schemas> = {
  [T in keyof S & string]: Envelope<T, v.InferOutput<S[T]>>;
}[keyof S & string];

/** Makes a parser for one direction. It never throws: invalid bytes give an error result. */
export function frameParser<S extends Schemas>(schemas: S, durable: readonly (keyof S & string)[]) {
  return (frame: string): Parsed<MessageOf<S>> => {
    if (frame.length > MAX_FRAME_BYTES) return { ok: false, reason: "bad", type: null, field: "frame" };
    let raw: unknown;
    try {
      raw = JSON.parse(frame);
    } catch {
      return { ok: false, reason: "bad", type: null, field: "frame" };
    }
    const outer = v.safeParse(envelope, raw);
    if (!outer.success) return { ok: false, reason: "bad", type: null, field: fieldOf(outer.issues) };
    const { type } = outer.output;
    const schema = Object.hasOwn(schemas, type) ? schemas[type] : undefined;
    if (!schema) return { ok: false, reason: "unknown", type };
    if (durable.includes(type) && outer.output.seq === undefined)
      return { ok: false, reason: "bad", type, field: "seq" };
    const inner = v.safeParse(schema, outer.output.payload);
    if (!inner.success) return { ok: false, reason: "bad", type, field: `payload.${fieldOf(inner.issues)}` };
    return { ok: true, message: { ...outer.output, payload: inner.output } as unknown as MessageOf<S> };
  };
}

function fieldOf(issues: readonly v.BaseIssue<unknown>[]): string {
  const first = issues[0];
  return first ? (v.getDotPath(first) ?? "frame") : "frame";
}
