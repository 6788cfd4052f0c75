// The page that says no: missing rights, unknown addresses, refusals, failures. Plain words and a way on.
import type { AssetUrls, Preferences } from "../shared/pages.ts";
import { LinkButton } from "./components/button.tsx";
import { GlyphSprite } from "./components/glyph.tsx";
import { createDates } from "./format.ts";
import { Document, Page } from "./layout.tsx";
import type { Role, View } from "./view.ts";

/** Whoever asked, as far as the server knows; null for strangers. */
type Visitor = { userId: string; username: string; role: Role; csrfToken: string };

const TITLES: Record<number, string> = {
  403: "This is not for you",
  404: "There is nothing at this address",
  409: "That is not possible now",
  410: "This no longer works",
  413: "That is too large",
  429: "Too many attempts",
  503: "The server is busy",
};

export function ErrorPage({
  status,
  code,
  message,
  session,
  assets,
  theme = null,
}: {
  status: number;
  /** Stable name of the refusal. */
  code: string;
  /** The server's own sentence: what is wrong and what to do. */
  message: string;
  session: Visitor | null;
  assets: AssetUrls;
  theme?: Preferences["theme"];
}) {
  const title =
    status >= 500 && status !== 503 ? "Something went wrong on the server" : (TITLES[status] ?? "That did not work");
  const words = (
    <div class="empty" data-code={code}>
      <h1 class="verdict">{title}</h1>
      <p>{message}</p>
      {session && status === 403 ? (
        <p class="meta">
          You are signed in as {session.username}, {session.role}.
        </p>
      ) : null}
      <LinkButton href="/">Back to the dashboard</LinkButton>
    </div>
  );
  const preferences = { theme, live: true };
  if (!session)
    return (
      <Document title={title} assets={assets} preferences={preferences}>
        <body>
          <main class="page" id="main">
            {words}
          </main>
          <GlyphSprite />
        </body>
      </Document>
    );
  return (
    <Page view={viewOf(session, assets, preferences)} title={title}>
      {words}
    </Page>
  );
}

/** Enough of a view for a page without data: no time is shown, nothing is counted. */
function viewOf(session: Visitor, assets: AssetUrls, preferences: Preferences): View {
  return {
    now: 0,
    dates: createDates("UTC"),
    path: "",
    viewer: { id: session.userId, username: session.username, role: session.role },
    csrf: session.csrfToken,
    origin: "",
    assets,
    preferences,
    counts: { runningJobs: 0 },
    toast: null,
    partial: false,
  };
}
