/** The protocol version. Only breaking changes raise it, each with a dated line here. */

// 1  2026-11-21  first version: enrolment by token, durable outbox, desired state, jobs
export const PROTOCOL_VERSION = 1;

/** The oldest agent protocol that this server accepts. */
export const MIN_AGENT_PROTOCOL_VERSION = 1;

export const CLOSE = {
  rejected: 4001,
  protocol: 4400,
  unauthorised: 4401,
  replaced: 4409,
  cloned: 4410,
  /** The host has sent too much at once. An agent that does not know this code reconnects after its usual delays. */
  slowDown: 4429,
  shuttingDown: 4503,
} as const;

export const MAX_FRAME_BYTES = 1024 * 1024;
export const MAX_BATCH_BYTES = 256 * 1024;
export const MAX_LOG_LINE_BYTES = 64 * 1024;
export const MAX_DESIRED_STATE_BYTES = 512 * 1024;
export const MAX_LOG_LINES_PER_FRAME = 200;
export const HEARTBEAT_EVERY_MS = 30_000;
export const HEARTBEAT_ANSWER_MS = 20_000;
export const SILENT_AGENT_MS = 90_000;
export const HELLO_WITHIN_MS = 10_000;
export const MAX_IN_FLIGHT_MESSAGES = 256;
export const MAX_IN_FLIGHT_BYTES = 4 * 1024 * 1024;
