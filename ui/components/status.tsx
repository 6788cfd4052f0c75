// Status badges, and the one-line verdict at the top of a page.
import type { Child } from "hono/jsx";
import { Glyph, type GlyphName, toneOf } from "./glyph.tsx";

/** Glyph and word. `fill` is for page heads; tables use plain badges. */
export function Badge({ glyph, fill, children }: { glyph: GlyphName; fill?: boolean; children: Child }) {
  return (
    <span class={`badge ${fill ? "badge-fill " : ""}${toneOf(glyph)}`}>
      <Glyph name={glyph} />
      {children}
    </span>
  );
}

/** The first line of a page: its status in a sentence. `sub` is a second, quieter line. */
export function Verdict({
  glyph,
  children,
  sub,
  quiet,
}: {
  /** Omitted on pages without a status, such as forms and search. */
  glyph?: GlyphName;
  children: Child;
  sub?: Child;
  /** Set if the text changes every second, so that screen readers don't announce it. */
  quiet?: boolean;
}) {
  return (
    <div>
      <h1 class="verdict" id="verdict" aria-live={quiet ? "off" : "polite"}>
        {glyph ? <Glyph name={glyph} /> : null}
        <span>{children}</span>
      </h1>
      {sub ? <p class={glyph ? "verdict-sub" : "verdict-sub flush"}>{sub}</p> : null}
    </div>
  );
}
