/** Warnings above the install command if it cannot work or is not safe. */
import type { LinkProblem } from "../../shared/server-link.ts";
import { Notice } from "../components/panels.tsx";

export function LinkProblems({ problems, origin }: { problems: readonly LinkProblem[]; origin: string }) {
  return (
    <>
      {problems.map((problem) => (
        <OneProblem problem={problem} origin={origin} />
      ))}
    </>
  );
}

function OneProblem({ problem, origin }: { problem: LinkProblem; origin: string }) {
  switch (problem) {
    case "loopback":
      return (
        <Notice
          glyph="warning"
          reason={
            <>
              Other machines cannot reach <code>{origin}</code>.
            </>
          }
        >
          The command contains the address you opened this page with, so it works only on the server itself. For other
          machines, open this page by the server’s name or network address, or set <code>RM_BASE_URL</code>.
        </Notice>
      );
    case "plain_http":
      return (
        <Notice glyph="warning" reason="The connection to this server is not encrypted.">
          Anyone on the network path can read the repository’s passwords, and the command accepts that with{" "}
          <code>--insecure</code>. Set up HTTPS first (a reverse proxy, or <code>RM_TLS_CERT</code> and{" "}
          <code>RM_TLS_KEY</code>), or use it only on a network you trust.
        </Notice>
      );
    case "self_signed":
      return (
        <Notice glyph="warning" reason="This server’s certificate is self-signed.">
          The command therefore trusts only its public key (<code>--pin</code>). Keep the key when you renew the
          certificate, or hosts will refuse to connect. A certificate from a certificate authority avoids this.
        </Notice>
      );
  }
}
