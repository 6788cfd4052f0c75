// The page for errors: missing permissions, unknown addresses, refusals and failures.
import type { AssetUrls, Preferences } from "../shared/pages.ts";
import { LinkButton } from "./components/button.tsx";
import { GlyphSprite } from "./components/glyph.tsx";
import { createDates } from "./format.ts";
import { Document, Page } from "./layout.tsx";
import type { Role, View } from "./view.ts";

/** The signed-in user; null if nobody is signed in. */
type Visitor = { userId: string; username: string; role: Role; csrfToken: string };

const TITLES: Record<number, string> = {
  403: "You don’t have permission to do this",
  404: "Page not found",
  409: "Not possible right now",
  410: "No longer available",
  413: "Too large",
  429: "Too many attempts",
  503: "The server is busy",
};

export function ErrorPage({
  status,
  code,
  message,
  session,
  standing = null,
  assets,
  theme = null,
}: {
  status: number;
  /** Stable code of the refusal. */
  code: string;
  /** What went wrong and what to do. */
  message: string;
  session: Visitor | null;
  /** null if nobody is signed in, or if it could not be read. */
  standing?: Pick<View, "now" | "deletionHolds"> | null;
  assets: AssetUrls;
  theme?: Preferences["theme"];
}) {
  const title =
    status >= 500 && status !== 503 ? "Something went wrong on the server" : (TITLES[status] ?? "The request failed");
  const words = (
    <div class="empty" data-code={code}>
      <h1 class="verdict">{title}</h1>
      <p>{message}</p>
      {session && status === 403 ? (
        <p class="meta">
          You are signed in as {session.username}, {session.role}.
        </p>
      ) : null}
      <LinkButton href="/">Go to dashboard</LinkButton>
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
    <Page view={{ ...viewOf(session, assets, preferences), ...standing }} title={title}>
      {words}
    </Page>
  );
}

/** A minimal view for a page that shows no times and no counts. */
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
    deletionHolds: [],
    toast: null,
    partial: false,
  };
}
