// The fields for a repository's address and credential, by kind.
import type { FormState } from "../../shared/pages.ts";
import { LinesField, SelectField, TextField } from "../components/field.tsx";

import { OwnFolderQuestion } from "./own-folder.tsx";

const KINDS = [
  { value: "rest", label: "REST server (recommended)" },
  { value: "local", label: "Folder on the host" },
  { value: "sftp", label: "SFTP" },
  { value: "s3", label: "S3 or compatible" },
  { value: "b2", label: "Backblaze B2" },
  { value: "rclone", label: "rclone remote" },
  { value: "other", label: "Other restic backend" },
] as const;

const KEYS = {
  s3: [
    ["AWS_ACCESS_KEY_ID", "Access key ID"],
    ["AWS_SECRET_ACCESS_KEY", "Secret access key"],
    ["AWS_DEFAULT_REGION", "Region (if required)"],
  ],
  b2: [
    ["B2_ACCOUNT_ID", "Key ID"],
    ["B2_ACCOUNT_KEY", "Application key"],
  ],
} as const;

const ADDRESSES = [
  ["local", "/srv/restic"],
  ["sftp", "sftp:backup@vault.example:/srv/restic/web-01"],
  ["s3", "s3:https://s3.example/bucket/web-01"],
  ["b2", "b2:bucket:web-01"],
  ["rclone", "rclone:remote:web-01"],
  ["other", "azure:container:/web-01, gs:bucket:/web-01, swift:container:/web-01"],
] as const;

/** Without script, the fields of all kinds are shown; leave those of other kinds empty. */
export function RepositoryFields({ form }: { form: FormState }) {
  return (
    <div class="fields">
      <SelectField name="kind" label="Kind" form={form} value="rest" options={KINDS} />
      <TextField
        name="url"
        label="Address"
        form={form}
        mono
        required
        maxlength={2048}
        autocomplete="off"
        placeholder="rest:https://vault.example:8000/web-01/"
        hint="As restic expects it, without user and password"
      />
      <OwnFolderQuestion form={form} />
      {ADDRESSES.map(([kind, example]) => (
        <p class="hint" data-when={`kind=${kind}`}>
          For example <code>{example}</code>
        </p>
      ))}
      <p class="hint" data-when="kind=local">
        The agent’s service may write only below <code>/var/lib/restic-manager</code>, unless its systemd unit allows
        other folders. A folder on the same disk is lost with that disk.
      </p>
      <p class="hint" data-when="kind=sftp">
        The agent runs <code>ssh</code> as root and cannot answer prompts. Set up root’s key and the server’s host key
        first.
      </p>
      <p class="hint" data-when="kind=rclone">
        Requires <code>rclone</code> on the host, with this remote in root’s rclone configuration.
      </p>
      <p class="hint" data-when="kind=local sftp s3 b2 rclone other">
        Only a REST server can refuse deletes. A compromised host could delete this repository.
      </p>
      <div class="fields-2" data-when="kind=rest">
        <TextField
          name="http_username"
          label="HTTP user"
          form={form}
          mono
          autocomplete="off"
          hint="Leave empty to use the host’s name"
        />
        <TextField
          name="http_password"
          label="HTTP password"
          type="password"
          form={form}
          autocomplete="new-password"
          hint="Leave empty to generate one, with the htpasswd line for the REST server"
        />
      </div>
      {(["s3", "b2"] as const).map((kind) => (
        <div class="fields-2" data-when={`kind=${kind}`}>
          {KEYS[kind].map(([name, label]) => (
            <TextField
              name={`env_${name}`}
              label={label}
              type={/SECRET|ACCOUNT_KEY/.test(name) ? "password" : "text"}
              form={form}
              mono
              autocomplete="off"
            />
          ))}
        </div>
      ))}
      <div data-when="kind=other">
        <LinesField
          name="env"
          label="Environment"
          form={form}
          rows={3}
          placeholder={"AZURE_ACCOUNT_NAME=…\nAZURE_ACCOUNT_KEY=…"}
          hint="One NAME=value per line, using restic’s variable names"
        />
      </div>
      <TextField
        name="repo_password"
        label="Restic encryption password"
        type="password"
        form={form}
        autocomplete="new-password"
        hint="Not the HTTP password. Leave empty to generate one, or enter the password of an existing repository"
      />
    </div>
  );
}
