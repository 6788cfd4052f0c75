// Where a repository is and what opens it: the kinds with the fields that each needs.
import type { FormState } from "../../shared/pages.ts";
import { LinesField, SelectField, TextField } from "../components/field.tsx";

import { OwnFolderQuestion } from "./own-folder.tsx";

const KINDS = [
  { value: "rest", label: "REST server (suggested)" },
  { value: "local", label: "Folder on the host" },
  { value: "sftp", label: "SFTP" },
  { value: "s3", label: "S3, or what speaks it" },
  { value: "b2", label: "Backblaze B2" },
  { value: "rclone", label: "rclone remote" },
  { value: "other", label: "Other restic address" },
] as const;

const KEYS = {
  s3: [
    ["AWS_ACCESS_KEY_ID", "Access key id"],
    ["AWS_SECRET_ACCESS_KEY", "Secret access key"],
    ["AWS_DEFAULT_REGION", "Region, where one is needed"],
  ],
  b2: [
    ["B2_ACCOUNT_ID", "Key id"],
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

/** Per-kind fields; without script all are shown and the ones of other kinds are left empty. */
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
        hint="As restic writes it, without user and password"
      />
      <OwnFolderQuestion form={form} />
      {ADDRESSES.map(([kind, example]) => (
        <p class="hint" data-when={`kind=${kind}`}>
          Such as <code>{example}</code>
        </p>
      ))}
      <p class="hint" data-when="kind=local">
        The agent’s service may write below <code>/var/lib/restic-manager</code> only, unless its unit is told of other
        folders. A folder on the same disk does not survive that disk.
      </p>
      <p class="hint" data-when="kind=sftp">
        The agent calls <code>ssh</code> as root: its key and the server’s host key must be known there already, for it
        asks no questions.
      </p>
      <p class="hint" data-when="kind=rclone">
        The remote must stand in rclone’s configuration of root on the host, and <code>rclone</code> be installed there.
      </p>
      <p class="hint" data-when="kind=local sftp s3 b2 rclone other">
        Only a REST server can refuse deletes: whoever takes over the host can erase this repository.
      </p>
      <div class="fields-2" data-when="kind=rest">
        <TextField
          name="http_username"
          label="HTTP user"
          form={form}
          mono
          autocomplete="off"
          hint="Who this host is on the repo server. Empty: the host’s name"
        />
        <TextField
          name="http_password"
          label="HTTP password"
          type="password"
          form={form}
          autocomplete="new-password"
          hint="Empty: generated, with the htpasswd line for the repo server"
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
          label="Keys"
          form={form}
          rows={3}
          placeholder={"AZURE_ACCOUNT_NAME=…\nAZURE_ACCOUNT_KEY=…"}
          hint="restic’s environment names, one NAME=value a line; others are refused"
        />
      </div>
      <TextField
        name="repo_password"
        label="Restic encryption password"
        type="password"
        form={form}
        autocomplete="new-password"
        hint="Encrypts the data; not the HTTP password. Empty: generated. For a repository that exists already: its password"
      />
    </div>
  );
}
