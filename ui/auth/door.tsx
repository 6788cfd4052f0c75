// Pages in front of the door: sign-in, first-run onboarding, setting a password by link. Nobody is signed in here.
import type { Child } from "hono/jsx";
import { stripDays } from "../../shared/nights.ts";
import type { AssetUrls, FormState, Preferences } from "../../shared/pages.ts";
import { SubmitButton } from "../components/button.tsx";
import { FormMessage, TextField } from "../components/field.tsx";
import { GlyphSprite } from "../components/glyph.tsx";
import { Notice } from "../components/panels.tsx";
import { GhostStrip } from "../components/strip.tsx";
import { Document } from "../layout.tsx";

/** What a page needs before anybody is signed in. */
export type DoorView = {
  assets: AssetUrls;
  preferences: Preferences;
  /** Day of the viewer ("2026-11-20"), for the strip above the form. */
  today: string;
  /** Address of this server as the browser sees it. */
  origin: string;
  version: string;
};

const PASSWORD_RULE = "At least 12 characters. Length beats symbols: four random words are fine.";

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

/** Sign-in. A refused try comes back with the name; `notice` says why the page is shown (signed out, session over). */
export function LoginPage({
  view,
  form,
  next,
  notice,
}: {
  view: DoorView;
  form: FormState;
  /** Path to go to afterwards. */
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

/** First run: the sign-in page of a server without users. */
export function OnboardingPage({ view, form }: { view: DoorView; form: FormState }) {
  return (
    <Door view={view} title="Welcome to restic-manager">
      <p class="t2">Nobody has an account here yet. Make the first one; it will be an admin.</p>
      <form class="door-form" method="post" action="/login">
        <FormMessage form={form} />
        <TextField
          name="token"
          label="Setup token"
          form={form}
          mono
          autocomplete="off"
          required
          hint="Printed in the server’s log when it started, as part of a link."
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

/** Setting a password by a one-time link. `username` is null when the link is unknown, used or too old. */
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
      <Door view={view} title="This link no longer works">
        <p class="t2">It was used already, or it is older than an hour. Ask an admin for a new one.</p>
        <a class="btn" href="/login">
          Go to sign in
        </a>
      </Door>
    );
  return (
    <Door view={view} title={`Set the password of ${username}`}>
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
