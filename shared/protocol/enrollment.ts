/** Bodies of enrolment over HTTP: what a machine sends about itself, and what it receives. */
import * as v from "valibot";
import { count, hex64, id, platform, text, word } from "./fields.ts";

/** Ed25519 public key: 32 bytes, base64url. */
export const publicKey = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/));

const machine = {
  machine_id: v.pipe(word, v.minLength(1)),
  hostname: text(255),
  ...platform,
  agent_version: word,
  restic_version: v.nullable(word),
  protocol_version: count,
  timezone: word,
  /** The machine looks like a laptop or a Windows client. */
  roaming_hint: v.boolean(),
};

export const enrollRequest = v.strictObject({
  token: text(200),
  /** SHA-256 (hex) of the token that the agent generated for itself. */
  agent_token_hash: hex64,
  ...machine,
});
export type EnrollRequest = v.InferOutput<typeof enrollRequest>;

/** A machine without a token sends a public key, and an admin accepts or rejects it. */
export const announceRequest = v.strictObject({ public_key: publicKey, ...machine });
export type AnnounceRequest = v.InferOutput<typeof announceRequest>;

export const announceAnswer = v.object({
  pending_id: id,
  /** `SHA256:…`, which a person compares. */
  fingerprint: word,
  /** Another host or pending machine has the same name. */
  hostname_collision: v.boolean(),
});
export type AnnounceAnswer = v.InferOutput<typeof announceAnswer>;

export const enrollAnswer = v.object({
  host_id: id,
  host_name: text(255),
  server_url: text(2048),
  /** `sha256//…` of the server's public key, when its certificate is self-signed. */
  cert_pin: v.nullable(word),
  /** Public keys (JWK as JSON text) that may sign agent updates. */
  update_keys: v.array(text(1000)),
});
export type EnrollAnswer = v.InferOutput<typeof enrollAnswer>;

export const manifestFile = v.object({
  kind: v.picklist(["agent", "restic"]),
  ...platform,
  name: word,
  version: word,
  size: count,
  sha256: hex64,
});
export type ManifestFile = v.InferOutput<typeof manifestFile>;

/** `GET /agent/manifest.json`: the signature (compact JWS, EdDSA) covers `{version, files}`. */
export const manifest = v.object({ version: word, files: v.array(manifestFile), jws: text(65536) });
export type Manifest = v.InferOutput<typeof manifest>;
