/** How the agent recognises its server: by the system's certificate authorities, a CA file, or one pinned public key. */
import { createHash, X509Certificate } from "node:crypto";
import tls from "node:tls";
import { authorities } from "../machine/authorities.ts";

export type TrustSettings = { pin: string | null; ca_file: string | null; insecure: boolean };

/** TLS options accepted by both Bun's fetch and its WebSocket. */
export type TlsOptions = {
  ca?: string[];
  allowPartialTrustChain?: boolean;
  checkServerIdentity?: (host: string, certificate: { raw: Buffer }) => Error | undefined;
};

export type Trust = {
  /** @throws {@link WrongKey} when a pin is set and the server shows another key; network errors as they come. */
  options(): Promise<TlsOptions>;
  /** After a failed handshake: the certificate may have been renewed with the same key, so fetch it again. */
  forget(): void;
};

/** The server's key is not the pinned one: someone is intercepting the connection, or the server was reinstalled. */
export class WrongKey extends Error {}

const LEARN_WITHIN_MS = 20_000;

export function createTrust(server: string, settings: TrustSettings): Trust {
  const url = new URL(server);
  if (url.protocol !== "https:") return { options: async () => ({}), forget: () => {} };
  const { pin } = settings;
  if (pin === null) {
    const ca = authorities(settings.ca_file);
    return { options: async () => ({ ca }), forget: () => {} };
  }
  let pinned: string | null = null;
  return {
    async options() {
      pinned ??= await learnCertificate(url, pin);
      return {
        ca: [pinned],
        allowPartialTrustChain: true,
        checkServerIdentity: (_host, certificate) =>
          publicKeyPin(certificate.raw) === pin ? undefined : new WrongKey(`the server's key is not ${pin}`),
      };
    },
    forget() {
      pinned = null;
    },
  };
}

/** `sha256//…` of a certificate's public key, as curl's `--pinnedpubkey` writes it. */
export function publicKeyPin(certificate: Buffer): string {
  const key = new X509Certificate(certificate).publicKey.export({ type: "spki", format: "der" });
  return `sha256//${createHash("sha256").update(key).digest("base64")}`;
}

/** Fetches the certificate without sending anything, and keeps it only if its key is the pinned one. */
function learnCertificate(url: URL, pin: string): Promise<string> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = Number(url.port || 443);
  return new Promise((resolve, reject) => {
    const name = /^[\d.:]+$/.test(host) ? {} : { servername: host };
    const socket = tls.connect({ host, port, rejectUnauthorized: false, ...name }, () => {
      const { raw } = socket.getPeerCertificate();
      socket.destroy();
      if (!raw) return reject(new Error("the server presented no certificate"));
      const found = publicKeyPin(raw);
      if (found === pin) resolve(new X509Certificate(raw).toString());
      else reject(new WrongKey(`the server's key is ${found}, but ${pin} was pinned at enrolment`));
    });
    socket.setTimeout(LEARN_WITHIN_MS, () => socket.destroy(new Error("no TLS answer within 20 s")));
    socket.on("error", reject);
  });
}
