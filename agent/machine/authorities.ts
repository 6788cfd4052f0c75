/** The certificate authorities that this machine and its owner trust. */
import { readFileSync } from "node:fs";
import tls from "node:tls";

/** As PEM. @param caFile more of them, by the owner's choice. @throws when it cannot be read. */
export function authorities(caFile: string | null): string[] {
  const own = caFile === null ? [] : [readFileSync(caFile, "utf8")];
  return [...tls.getCACertificates("default"), ...tls.getCACertificates("system"), ...own];
}
