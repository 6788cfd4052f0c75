// The account page: password, theme and sessions.
import type { SessionRow } from "../../db/schema/users.ts";
import { emptyForm, type FormState } from "../../shared/pages.ts";
import { SubmitButton, Verb } from "../components/button.tsx";
import { Csrf, FormMessage, SelectField, TextField } from "../components/field.tsx";
import { FactRows, LedgerSection } from "../components/panels.tsx";
import { Verdict } from "../components/status.tsx";
import { Ago } from "../components/time.tsx";
import { Page, PageHead } from "../layout.tsx";
import type { Role, View } from "../view.ts";

const RIGHTS: Record<Role, string> = {
  viewer: "can see everything, change nothing",
  operator: "can run jobs and edit sources and schedules",
  admin: "can do everything",
};

export type AccountProps = {
  form: FormState;
  /** False for users of an identity provider. */
  hasPassword: boolean;
  sessions: readonly (Pick<SessionRow, "id" | "ip" | "userAgent" | "lastUsedAt" | "createdAt"> & {
    current: boolean;
  })[];
};

export function AccountPage({ view, form, hasPassword, sessions }: AccountProps & { view: View }) {
  const { username, role } = view.viewer;
  return (
    <Page view={view} title="Account">
      <PageHead view={view}>
        <Verdict glyph="ok">
          Signed in as <code>{username}</code>, {role}.
        </Verdict>
      </PageHead>
      <div class="ledger">
        <LedgerSection id="you" title="Profile">
          <FactRows
            facts={[
              ["Username", <code>{username}</code>],
              ["Role", `${role}: ${RIGHTS[role]}`],
              ["Time zone", <code>{view.dates.zone}</code>],
            ]}
          />
        </LedgerSection>
        {hasPassword ? (
          <LedgerSection id="password" title="Password" about="Changing it signs you out on every other device.">
            <form method="post" action="/settings/account/password" class="fields">
              <Csrf token={view.csrf} />
              <FormMessage form={form} />
              <input type="text" name="username" value={username} autocomplete="username" hidden readonly />
              <TextField
                name="current"
                label="Current password"
                type="password"
                form={form}
                autocomplete="current-password"
                required
              />
              <TextField
                name="password"
                label="New password"
                type="password"
                form={form}
                autocomplete="new-password"
                required
                maxlength={256}
                hint="At least 12 characters. Length matters more than symbols"
              />
              <div class="btns">
                <SubmitButton primary>Change password</SubmitButton>
              </div>
            </form>
          </LedgerSection>
        ) : null}
        <LedgerSection id="theme" title="Theme" about="Saved in this browser only.">
          <form action="/settings/account/theme" class="fields">
            <SelectField
              name="theme"
              label="Theme"
              form={emptyForm}
              value={view.preferences.theme ?? ""}
              options={[
                { value: "", label: "System" },
                { value: "light", label: "Light" },
                { value: "dark", label: "Dark" },
              ]}
            />
            <div class="btns">
              <SubmitButton>Set theme</SubmitButton>
            </div>
          </form>
        </LedgerSection>
        <LedgerSection
          id="sessions"
          title="Sessions"
          about="Where you are signed in. End any you don’t recognise, then change your password."
        >
          <table class="table stack">
            <thead>
              <tr>
                <th scope="col">Browser</th>
                <th scope="col">Address</th>
                <th scope="col">Last used</th>
                <th scope="col">Signed in</th>
                <th scope="col">
                  <span class="vh">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {sessions.map((session) => (
                <tr id={`s-${session.id}`}>
                  <td class="first">
                    {browserOf(session.userAgent)}
                    {session.current ? <small class="is-ok">this device</small> : null}
                  </td>
                  <td data-th="Address">{session.ip ? <code>{session.ip}</code> : <span class="t3">unknown</span>}</td>
                  <td data-th="Last used">
                    <Ago at={session.lastUsedAt} view={view} />
                  </td>
                  <td data-th="Signed in">
                    <Ago at={session.createdAt} view={view} />
                  </td>
                  <td class="num">
                    {session.current ? null : (
                      <Verb action={`/settings/account/sessions/${session.id}/end`} csrf={view.csrf} small danger>
                        End session
                      </Verb>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </LedgerSection>
      </div>
    </Page>
  );
}

/** "Firefox on Linux" from a user agent, or its raw text if unknown. */
function browserOf(userAgent: string | null): string {
  if (!userAgent) return "unknown browser";
  const browser = [
    ["Edg/", "Edge"],
    ["Firefox/", "Firefox"],
    ["Chrome/", "Chrome"],
    ["Safari/", "Safari"],
  ].find(([mark = ""]) => userAgent.includes(mark))?.[1];
  const system = [
    ["Windows", "Windows"],
    ["Android", "Android"],
    ["iPhone", "iPhone"],
    ["Mac OS", "macOS"],
    ["Linux", "Linux"],
  ].find(([mark = ""]) => userAgent.includes(mark))?.[1];
  return browser && system ? `${browser} on ${system}` : userAgent.slice(0, 60);
}
