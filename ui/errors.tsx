// Pages that say no: missing rights, unknown addresses, failures. Plain words and a way on.
import { LinkButton } from "./components/button.tsx";
import { Badge } from "./components/status.tsx";
import { Page } from "./layout.tsx";
import type { Role, View } from "./view.ts";

function Refusal({ view, title, message }: { view: View; title: string; message: string }) {
  return (
    <Page view={view} title={title}>
      <div class="empty">
        <h1 class="verdict">{title}</h1>
        <p>{message}</p>
        <LinkButton href="/">Back to the dashboard</LinkButton>
      </div>
    </Page>
  );
}

const ARTICLE: Record<Role, string> = { viewer: "viewers", operator: "operators", admin: "admins" };

export function ForbiddenPage({ view, needed }: { view: View; needed: Role }) {
  const { username, role } = view.viewer;
  return (
    <Refusal
      view={view}
      title={`This page is for ${ARTICLE[needed]}`}
      message={`You are signed in as ${username}, ${role}. Ask an admin if you need it.`}
    />
  );
}

export function NotFoundPage({ view }: { view: View }) {
  return (
    <Refusal
      view={view}
      title="There is nothing at this address"
      message="It may have been deleted or archived, or the link was cut short."
    />
  );
}

/** A refusal with the server's own sentence: conflicts, limits, an expired form. */
export function RefusedPage({ view, title, message }: { view: View; title: string; message: string }) {
  return <Refusal view={view} title={title} message={message} />;
}

/** Something broke on our side; `id` finds it in the server's log. */
export function FailedPage({ view, id }: { view: View; id: string }) {
  return (
    <Page view={view} title="Something went wrong">
      <div class="empty">
        <h1 class="verdict">Something went wrong on the server</h1>
        <p>
          <Badge glyph="failed">Error {id}</Badge> is in the server’s log. Nothing was half-saved; try again.
        </p>
        <LinkButton href="/">Back to the dashboard</LinkButton>
      </div>
    </Page>
  );
}
