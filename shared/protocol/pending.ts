/** `/ws/agent/pending`: a machine proves that it holds the announced key, then waits for approval. */
import * as v from "valibot";
import { enrollAnswer } from "./enrollment.ts";
import { frameParser } from "./envelope.ts";
import { hex64, text, word } from "./fields.ts";

export const toPending = {
  "pending.challenge": v.object({ nonce: word }),
  /** The proof is valid, and admins can see the machine now. */
  "pending.waiting": v.object({ expires_at: v.number() }),
  enrolled: enrollAnswer,
  error: v.object({ code: word, message: text(1000) }),
} as const;
export const parseToPending = frameParser(toPending, []);

const fromPending = {
  "pending.proof": v.object({
    /** SHA-256 (hex) of the token that the agent generated for itself. */
    agent_token_hash: hex64,
    /** Ed25519 over {@link announcedText}, base64url. */
    signature: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{86}$/)),
  }),
} as const;
export const parseFromPending = frameParser(fromPending, []);

/** The UTF-8 text that the agent signs. It binds the proof to this server's challenge. */
export function announcedText(pendingId: string, nonce: string, agentTokenHash: string): string {
  return ["rm-announce-v1", pendingId, nonce, agentTokenHash].join("\n");
}
