// Outstanding enrolment tokens: creator, expiry, regenerate and revoke.
import { MINUTE_MS } from "../../shared/time/clock.ts";
import { Verb } from "../components/button.tsx";
import { Ago } from "../components/time.tsx";
import { may, type View } from "../view.ts";

export type TokenLine = {
  id: string;
  hostName: string;
  repoUrl: string | null;
  createdByName: string | null;
  createdAt: number;
  expiresAt: number;
};

const SOON_MS = 10 * MINUTE_MS;

export function OutstandingTokens({ tokens, view }: { tokens: readonly TokenLine[]; view: View }) {
  if (tokens.length === 0) return null;
  return (
    <section class="below" aria-labelledby="tokens">
      <h2 id="tokens">Outstanding tokens</h2>
      <table class="table stack">
        <thead>
          <tr>
            <th scope="col">Host name</th>
            <th scope="col">Repo</th>
            <th scope="col">Created by</th>
            <th scope="col">Expires</th>
            <th scope="col">
              <span class="vh">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {tokens.map((token) => (
            <tr id={`t-${token.id}`}>
              <td class="first">
                <a class="row-link host-name" href={`/hosts/new/${token.id}`}>
                  {token.hostName}
                </a>
              </td>
              <td data-th="Repo">{token.repoUrl ? <code>{token.repoUrl}</code> : <span class="t3">unchanged</span>}</td>
              <td data-th="Created by">
                {token.createdByName ?? "–"}
                <small>
                  <Ago at={token.createdAt} view={view} />
                </small>
              </td>
              <td data-th="Expires">
                <Expiry at={token.expiresAt} view={view} />
              </td>
              <td class="num wide">
                {may(view, "admin") ? (
                  <span class="btns end">
                    <Verb
                      action={`/hosts/new/${token.id}/regenerate`}
                      csrf={view.csrf}
                      small
                      icon="refresh"
                      label={`Regenerate token for ${token.hostName}`}
                    >
                      Regenerate
                    </Verb>
                    <Verb
                      action={`/hosts/new/${token.id}/revoke`}
                      csrf={view.csrf}
                      small
                      danger
                      label={`Revoke token for ${token.hostName}`}
                    >
                      Revoke
                    </Verb>
                  </span>
                ) : null}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Expiry({ at, view }: { at: number; view: View }) {
  if (at <= view.now) return <span class="is-failed">expired</span>;
  return (
    <span class={at - view.now < SOON_MS ? "is-warning" : "t2"}>
      <Ago at={at} view={view} />
    </span>
  );
}
