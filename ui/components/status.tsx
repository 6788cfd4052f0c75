// A status in words beside its glyph, and the one-line verdict that opens a page.
import type { Child } from "hono/jsx";
import { Glyph, type GlyphName, toneOf } from "./glyph.tsx";

/** Glyph and word. Filled tint only in heads; in tables plain, where ok is quiet. */
export function Badge({ glyph, fill, children }: { glyph: GlyphName; fill?: boolean; children: Child }) {
  return (
    <span class={`badge ${fill ? "badge-fill " : ""}${toneOf(glyph)}`}>
      <Glyph name={glyph} />
      {children}
    </span>
  );
}

/** The first line of a page: what needs the person. `sub` is a second, quieter line. */
export function Verdict({
  glyph,
  children,
  sub,
  quiet,
}: {
  /** Left out where the page states nothing about a status: a form, a search. */
  glyph?: GlyphName;
  children: Child;
  sub?: Child;
  /** True where the words change every second: screen readers are not told. */
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
