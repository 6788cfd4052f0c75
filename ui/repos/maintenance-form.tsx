// The form for a repo's maintenance schedule, check budget and maintenance host.
import type { MaintenanceKind } from "../../shared/maintenance.ts";
import { emptyForm, type FormState } from "../../shared/pages.ts";
import { SubmitButton } from "../components/button.tsx";
import { Checkbox, Csrf, FormMessage, SelectField, TextField } from "../components/field.tsx";
import { may, type View } from "../view.ts";
import type { MaintenanceView } from "./types.ts";

export const MAINTENANCE_TITLES: Record<MaintenanceKind, string> = { forget: "Forget", prune: "Prune", check: "Check" };

export function MaintenanceEditor({
  maintenance,
  path,
  form,
  wishedBudgetBytes,
  view,
}: {
  maintenance: MaintenanceView;
  path: string;
  form: FormState | null;
  /** Suggested on the page. The form opens with it but does not save it. */
  wishedBudgetBytes: number | null;
  view: View;
}) {
  const state = form ?? emptyForm;
  const budgetBytes = wishedBudgetBytes ?? maintenance.check.budgetBytes;
  const line = (kind: MaintenanceKind) => maintenance.lines.find((one) => one.kind === kind);
  const typedFor = (kind: MaintenanceKind) => {
    const one = line(kind);
    return one?.isDefault ? "" : (one?.expression ?? "off");
  };
  const field = (kind: MaintenanceKind) => (
    <TextField
      name={`${kind}_cron`}
      label={MAINTENANCE_TITLES[kind]}
      form={state}
      value={typedFor(kind)}
      mono
      autocomplete="off"
      maxlength={200}
      placeholder={line(kind)?.isDefault ? (line(kind)?.expression ?? "") : ""}
      hint={HINTS[kind]}
    />
  );
  return (
    <details class="change" open={form !== null || wishedBudgetBytes !== null} id="change-maintenance">
      <summary class="btn btn-s">Change…</summary>
      <form method="post" action={`${path}/maintenance`} class="rows change-form">
        <Csrf token={view.csrf} />
        <FormMessage form={state} />
        <Checkbox
          name="enabled"
          label="Enable maintenance"
          hint="When off, nothing runs on its own. The buttons still work"
          checked={maintenance.enabled}
          form={state}
        />
        <div class="fields-2">
          {field("forget")}
          {field("prune")}
          {field("check")}
          <TextField
            name="check_budget_gib"
            label="Data read per check (GiB)"
            form={state}
            value={String(Math.round((budgetBytes / 2 ** 30) * 100) / 100)}
            mono
            inputmode="numeric"
            autocomplete="off"
            autofocus={wishedBudgetBytes !== null}
            hint="Each check downloads and verifies the next part of this size. Enter 0 to check metadata only"
          />
        </div>
        {may(view, "admin") && maintenance.hosts.length > 1 ? (
          <SelectField
            name="maintenance_host_id"
            label="Maintenance host"
            form={state}
            value={maintenance.maintenanceHostId ?? maintenance.hosts[0]?.id ?? ""}
            options={maintenance.hosts.map(({ id, name }, at) => ({
              value: id,
              label: at === 0 ? `${name} (this repo’s host)` : name,
            }))}
            hint="Preferably the repo server itself or another trusted machine. Its root user can read the admin credential during a prune"
          />
        ) : null}
        <div class="btns">
          <SubmitButton primary small>
            Save maintenance
          </SubmitButton>
        </div>
      </form>
    </details>
  );
}

const HINTS: Record<MaintenanceKind, string> = {
  forget: "Cron expression with five fields. Leave empty for weekly, or enter off for manual only",
  prune: "Runs after a forget due at the same time. Leave empty to run with forget, or enter off for manual only",
  check: "Leave empty for weekly, or enter off for manual only",
};
