// The notices about deletion holds, at the top of every page while there are any.
import type { DeletionHold } from "../../db/queries/deletion-holds.ts";
import { holdScopeInWords } from "../../shared/maintenance.ts";
import { LinkButton } from "../components/button.tsx";
import { Notice } from "../components/panels.tsx";
import { Ago } from "../components/time.tsx";
import { formatCount } from "../format.ts";
import { deletionHoldsPath, hostPath } from "../links.ts";
import { may, type View } from "../view.ts";

/** More are counted and listed on their own page, so that they never push a page out of sight. */
const MOST_SHOWN = 3;

export function HoldBanner({ view }: { view: View }) {
  const holds = view.deletionHolds;
  if (holds.length === 0) return null;
  const isOwnPage = view.path === deletionHoldsPath();
  const shown = isOwnPage ? holds : holds.slice(0, MOST_SHOWN);
  const more = holds.length - shown.length;
  return (
    <section class="banner rows" aria-label="Deletion holds">
      {shown.map((hold) => (
        <HoldNotice hold={hold} view={view} />
      ))}
      {more > 0 ? (
        <p class="meta">
          <a href={deletionHoldsPath()}>
            {formatCount(more)} more deletion {more === 1 ? "hold" : "holds"}
          </a>
        </p>
      ) : null}
    </section>
  );
}

function HoldNotice({ hold, view }: { hold: DeletionHold; view: View }) {
  return (
    <Notice
      glyph="warning"
      reason={
        <>
          Deletion is held for <HoldScope hold={hold} />.
        </>
      }
      verbs={
        may(view, "operator") ? (
          <LinkButton href={releasePath(hold)} small label={`Release the hold on ${holdScopeInWords(hold)}`}>
            Release…
          </LinkButton>
        ) : null
      }
    >
      Forget and prune do not run. <HoldStory hold={hold} view={view} />
    </Notice>
  );
}

/** "Held by mara 2 h ago: suspected ransomware". */
export function HoldStory({ hold, view }: { hold: DeletionHold; view: View }) {
  return (
    <>
      Held by {hold.heldBy ?? "a deleted user"} <Ago at={hold.heldAt} view={view} />:{" "}
      <span class="hold-reason">{hold.reason}</span>
    </>
  );
}

export function HoldScope({ hold }: { hold: DeletionHold }) {
  if (hold.tag !== null)
    return (
      <>
        hosts tagged <code>{hold.tag}</code>
      </>
    );
  if (hold.hostId === null) return <>all hosts</>;
  return (
    <a href={hostPath(hold.hostId)}>
      <code>{hold.hostName}</code>
    </a>
  );
}

export function releasePath(hold: Pick<DeletionHold, "id">): string {
  return `${deletionHoldsPath()}/${hold.id}/release`;
}
