// A host that sends more than the server takes from one: what became of it, and what to do.

import { Notice } from "../components/panels.tsx";
import { Ago } from "../components/time.tsx";
import type { View } from "../view.ts";
import type { HeldBack } from "./types.ts";

export function HeldBackNotice({ heldBack, view }: { heldBack: HeldBack; view: View }) {
  const when = <Ago at={heldBack.at} view={view} />;
  switch (heldBack.what) {
    case "paced":
      return (
        <Notice glyph="warning" reason="Reports are delayed.">
          This host sends more than the server stores for one host, the last time {when}. The rest waits on the host and
          follows by itself. If it goes on, look for a job that logs every file.
        </Notice>
      );
    case "cut_off":
      return (
        <Notice glyph="warning" reason="Connection closed by the server.">
          This host sent far more than an agent does, the last time {when}. A healthy agent never does: check the
          machine.
        </Notice>
      );
    case "list_too_large":
      return (
        <Notice glyph="warning" reason="Snapshots not updated.">
          The list of snapshots that this host sent {when} is too large to be stored. The list from before is still
          shown.
        </Notice>
      );
  }
}
