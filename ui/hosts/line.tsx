// The line below a host's verdict: status, versions, settings sync, and tags with their editor.
import { emptyForm } from "../../shared/pages.ts";
import { SubmitButton } from "../components/button.tsx";
import { Csrf, TextField } from "../components/field.tsx";
import { Icon } from "../components/icon.tsx";
import { Ago } from "../components/time.tsx";
import { may, type View } from "../view.ts";
import { Settings } from "./settings-sync.tsx";
import type { HostHead } from "./types.ts";
import { HostBadge, platformOf } from "./words.tsx";

export function HostLine({ host, view }: { host: HostHead; view: View }) {
  return (
    <div class="host-line">
      <HostBadge status={host.status} fill />
      <span>{platformOf(host)}</span>
      <span>
        agent <code>{host.agentVersion}</code>
      </span>
      <span>
        {host.resticVersion ? (
          <span>
            restic <code>{host.resticVersion}</code>
          </span>
        ) : (
          "restic not installed yet"
        )}
      </span>
      {host.lastSeenAt === null ? null : (
        <span>
          last seen <Ago at={host.lastSeenAt} view={view} />
        </span>
      )}
      {host.archivedAt === null ? <Settings host={host} view={view} /> : null}
      <span class="chips">
        {host.tags.map((tag) => (
          <a class="chip" href={`/?tag=${encodeURIComponent(tag)}`}>
            {tag}
          </a>
        ))}
        {may(view, "operator") ? (
          <>
            <button class="chip" type="button" popovertarget="tags-editor" aria-label="Edit tags">
              <Icon name="pencil" />
              Tags
            </button>
            <form
              class="pop"
              id="tags-editor"
              popover="auto"
              method="post"
              action={`/hosts/${host.id}/tags`}
              aria-label="Tags"
            >
              <Csrf token={view.csrf} />
              <TextField
                name="tags"
                label="Tags"
                form={emptyForm}
                value={host.tags.join(", ")}
                autocomplete="off"
                scope="head"
                hint="Comma-separated. Used to filter hosts"
              />
              <div class="btns">
                <SubmitButton primary small>
                  Save tags
                </SubmitButton>
              </div>
            </form>
          </>
        ) : null}
      </span>
    </div>
  );
}
