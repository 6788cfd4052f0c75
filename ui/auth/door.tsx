// Pages shown before signing in: sign-in, first-run setup, and setting a password by link.
import type { Child } from "hono/jsx";
import { stripDays } from "../../shared/nights.ts";
import type { AssetUrls, FormState, Preferences } from "../../shared/pages.ts";
import { SubmitButton } from "../components/button.tsx";
import { FormMessage, TextField } from "../components/field.tsx";
import { GlyphSprite } from "../components/glyph.tsx";
import { Notice } from "../components/panels.tsx";
import { GhostStrip } from "../components/strip.tsx";
import { Document } from "../layout.tsx";

/** Props of a page before sign-in. */
export type DoorView = {
  assets: AssetUrls;
  preferences: Preferences;
  /** Day of the viewer ("2026-11-20"), for the strip above the form. */
  today: string;
  /** This server's address as the browser sees it. */
  origin: string;
  version: string;
};

const PASSWORD_RULE = "At least 12 characters. Four random words work well";

function Door({ view, title, children }: { view: DoorView; title: string; children: Child }) {
  return (
    <Document title={title} assets={view.assets} preferences={view.preferences}>
      <body>
        <main class="door" id="main">
          <div class="door-in">
            <div class="door-head">
              <GhostStrip days={stripDays(view.today)} mark="b" />
              <h1>{title}</h1>
              <p class="t2">
                <code>{view.origin.replace(/^https?:\/\//, "")}</code>
              </p>
            </div>
            {children}
          </div>
          <p class="meta door-foot">restic-manager {view.version}</p>
        </main>
        <GlyphSprite />
      </body>
    </Document>
  );
}

/** Sign-in. A failed attempt keeps the username; `notice` says why the page is shown, such as an expired session. */
export function LoginPage({
  view,
  form,
  next,
  notice,
}: {
  view: DoorView;
  form: FormState;
  /** Path to open after signing in. */
  next: string;
  notice?: string | undefined;
}) {
  return (
    <Door view={view} title="Sign in to restic-manager">
      {notice ? <Notice glyph="idle" reason={notice} /> : null}
      <form class="door-form" method="post" action="/login">
        <FormMessage form={form} />
        <input type="hidden" name="next" value={next} />
        <TextField name="username" label="Username" form={form} autocomplete="username" required autofocus />
        <TextField
          name="password"
          label="Password"
          type="password"
          form={form}
          autocomplete="current-password"
          required
        />
        <SubmitButton primary>Sign in</SubmitButton>
      </form>
    </Door>
  );
}

/** The sign-in page of a server without users. */
export function OnboardingPage({ view, form }: { view: DoorView; form: FormState }) {
  return (
    <Door view={view} title="Welcome to restic-manager">
      <p class="t2">This server has no users yet. Create the first one, an admin.</p>
      <form class="door-form" method="post" action="/login">
        <FormMessage form={form} />
        <TextField
          name="token"
          label="Setup token"
          form={form}
          mono
          autocomplete="off"
          required
          hint="Part of the link in the server’s log, printed at start"
        />
        <TextField name="username" label="Username" form={form} autocomplete="username" required maxlength={64} />
        <TextField
          name="password"
          label="Password"
          type="password"
          form={form}
          autocomplete="new-password"
          required
          maxlength={256}
          hint={PASSWORD_RULE}
        />
        <SubmitButton primary>Create admin and sign in</SubmitButton>
      </form>
    </Door>
  );
}

/** Sets a password by a one-time link. `username` is null if the link is unknown, used or expired. */
export function SetupPage({
  view,
  form,
  token,
  username,
}: {
  view: DoorView;
  form: FormState;
  token: string;
  username: string | null;
}) {
  if (username === null)
    return (
      <Door view={view} title="This link is no longer valid">
        <p class="t2">It has been used or has expired. Ask an admin for a new one.</p>
        <a class="btn" href="/login">
          Go to sign in
        </a>
      </Door>
    );
  return (
    <Door view={view} title={`Set a password for ${username}`}>
      <form class="door-form" method="post" action={`/setup/${token}`}>
        <FormMessage form={form} />
        <input type="hidden" name="username" value={username} autocomplete="username" />
        <TextField
          name="password"
          label="New password"
          type="password"
          form={form}
          autocomplete="new-password"
          required
          maxlength={256}
          hint={PASSWORD_RULE}
        />
        <SubmitButton primary>Set password and sign in</SubmitButton>
      </form>
    </Door>
  );
}
