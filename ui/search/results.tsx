// Search results for the command palette, and the search page for browsers without script.
import type { SearchHit } from "../../shared/fleet.ts";
import { SubmitButton } from "../components/button.tsx";
import { Csrf } from "../components/field.tsx";
import { Icon, type IconName } from "../components/icon.tsx";
import { Verdict } from "../components/status.tsx";
import { Page, PageHead } from "../layout.tsx";
import type { View } from "../view.ts";

const ICONS: Record<SearchHit["kind"], IconName> = {
  run: "play",
  host: "monitor",
  group: "folder",
  repo: "database",
  page: "chevron-right",
};

/** The palette's options, which HTMX puts into its list. */
export function SearchOptions({ hits, view }: { hits: readonly SearchHit[]; view: View }) {
  const runs = hits.filter((hit) => hit.kind === "run");
  const jumps = hits.filter((hit) => hit.kind !== "run");
  if (hits.length === 0) return <div class="head">No matches</div>;
  return (
    <>
      {runs.length > 0 ? (
        <div class="head" role="presentation">
          Run
        </div>
      ) : null}
      {runs.map((hit) => (
        <button
          class="opt"
          type="button"
          role="option"
          aria-selected="false"
          hx-post={`/hosts/${hit.hostId}/sources/${hit.groupId}/run`}
          hx-swap="none"
          hx-headers={JSON.stringify({ "X-CSRF-Token": view.csrf })}
          tabindex={-1}
        >
          <Icon name="play" />
          <span>
            Run {hit.groupName} on <code>{hit.hostName}</code>
          </span>
          <span class="end">{hit.note}</span>
        </button>
      ))}
      {jumps.length > 0 ? (
        <div class="head" role="presentation">
          Go to
        </div>
      ) : null}
      {jumps.map((hit) => (
        <a class="opt" role="option" aria-selected="false" href={addressOf(hit)} tabindex={-1}>
          <Icon name={ICONS[hit.kind]} />
          <HitWords hit={hit} />
        </a>
      ))}
    </>
  );
}

export function SearchPage({ view, query, hits }: { view: View; query: string; hits: readonly SearchHit[] }) {
  return (
    <Page view={view} title="Find">
      <PageHead view={view}>
        <Verdict>Find a host, repo or page</Verdict>
      </PageHead>
      <form class="filters" action="/search" aria-label="Find">
        <span class="with-icon">
          <Icon name="search" />
          <input class="input" type="search" name="q" value={query} aria-label="Search terms" data-filter="" />
        </span>
        <SubmitButton primary>Find</SubmitButton>
      </form>
      <ul class="found">
        {hits.map((hit) => (
          <li>
            {hit.kind === "run" ? (
              <form method="post" action={`/hosts/${hit.hostId}/sources/${hit.groupId}/run`} class="verb">
                <Csrf token={view.csrf} />
                <SubmitButton small icon="play">
                  Run {hit.groupName} on {hit.hostName}
                </SubmitButton>
              </form>
            ) : (
              <a href={addressOf(hit)}>
                <HitWords hit={hit} />
              </a>
            )}
          </li>
        ))}
      </ul>
      {hits.length === 0 ? <p class="t2">No matches</p> : null}
    </Page>
  );
}

type Jump = Exclude<SearchHit, { kind: "run" }>;

function addressOf(hit: Jump): string {
  switch (hit.kind) {
    case "host":
      return `/hosts/${hit.id}`;
    case "group":
      return `/hosts/${hit.hostId}/sources/${hit.id}`;
    case "repo":
      return `/hosts/${hit.hostId}/repos/${hit.id}`;
    case "page":
      return hit.href;
  }
}

function HitWords({ hit }: { hit: Jump }) {
  if (hit.kind === "page") return <span>{hit.name}</span>;
  if (hit.kind === "host")
    return (
      <>
        <code>{hit.name}</code>
        <span class="end">{hit.note}</span>
      </>
    );
  return (
    <span>
      <code>{hit.hostName}</code> · {hit.kind === "repo" ? "repo" : "source group"} {hit.name}
    </span>
  );
}
