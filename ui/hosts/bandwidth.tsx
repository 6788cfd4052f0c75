// The bandwidth limits in a host's settings.
import type { HostRow } from "../../db/schema/hosts.ts";
import type { FormState } from "../../shared/pages.ts";
import { SubmitButton } from "../components/button.tsx";
import { Csrf, FormMessage, TextField } from "../components/field.tsx";
import { FactRows, LedgerSection } from "../components/panels.tsx";
import { formatCount } from "../format.ts";

export function BandwidthSection({
  action,
  csrf,
  limits,
  form,
  editable,
}: {
  action: string;
  csrf: string;
  limits: Pick<HostRow, "bandwidthUpKbps" | "bandwidthDownKbps">;
  form: FormState;
  editable: boolean;
}) {
  const { bandwidthUpKbps: up, bandwidthDownKbps: down } = limits;
  const words = (kbps: number | null) => (kbps === null ? "no limit" : `${formatCount(kbps)} KiB/s`);
  return (
    <LedgerSection
      id="bandwidth"
      title="Bandwidth"
      about="Applies to every run on this host. To limit a single run, use “Limits…” on the Sources tab."
    >
      {editable ? (
        <form method="post" action={action} class="fields" novalidate>
          <Csrf token={csrf} />
          <FormMessage form={form} />
          <div class="fields-2">
            <TextField
              name="up_kbps"
              label="Upload (KiB/s)"
              form={form}
              value={up === null ? "" : String(up)}
              inputmode="numeric"
              maxlength={9}
              autocomplete="off"
              placeholder="no limit"
              hint="1024 KiB/s is 1 MiB/s"
            />
            <TextField
              name="down_kbps"
              label="Download (KiB/s)"
              form={form}
              value={down === null ? "" : String(down)}
              inputmode="numeric"
              maxlength={9}
              autocomplete="off"
              placeholder="no limit"
            />
          </div>
          <div class="btns">
            <SubmitButton>Save limits</SubmitButton>
          </div>
        </form>
      ) : (
        <FactRows
          facts={[
            ["Upload", words(up)],
            ["Download", words(down)],
          ]}
        />
      )}
    </LedgerSection>
  );
}
