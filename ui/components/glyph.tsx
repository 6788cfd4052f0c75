// Status glyphs: each status has its own shape, so that none depends on colour.

export type GlyphName = "ok" | "warning" | "failed" | "missed" | "running" | "queued" | "cancelled" | "idle";

/** The five status hues. */
export type Tone = "ok" | "warning" | "failed" | "running" | "idle";

const TONES: Record<GlyphName, Tone> = {
  ok: "ok",
  warning: "warning",
  failed: "failed",
  missed: "failed",
  running: "running",
  queued: "idle",
  cancelled: "idle",
  idle: "idle",
};

export function toneOf(glyph: GlyphName): Tone {
  return TONES[glyph];
}

export function Glyph({ name }: { name: GlyphName }) {
  return (
    <svg class={`glyph ${TONES[name]}`} aria-hidden="true">
      <use href={`#s-${name}`} />
    </svg>
  );
}

const outline = { fill: "none", stroke: "currentColor", "stroke-width": "1.5" };
const round = { "stroke-linecap": "round", "stroke-linejoin": "round" } as const;
const cut = { fill: "none", stroke: "var(--cut)", "stroke-width": "1.6", "stroke-linecap": "round" } as const;

/** The shapes that `Glyph` and the brand refer to. Included once per document. */
export function GlyphSprite() {
  return (
    <svg hidden aria-hidden="true">
      <symbol id="s-ok" viewBox="0 0 16 16">
        <circle cx="8" cy="8" r="6.25" {...outline} />
        <path d="M5.3 8.2l1.9 1.9 3.5-3.9" {...outline} {...round} />
      </symbol>
      <symbol id="s-warning" viewBox="0 0 16 16">
        <path
          d="M8 2.2 14.4 13.4H1.6z"
          fill="currentColor"
          stroke="currentColor"
          stroke-width="1.6"
          stroke-linejoin="round"
        />
        <path d="M8 6.2v3.4M8 11.8v.1" {...cut} />
      </symbol>
      <symbol id="s-failed" viewBox="0 0 16 16">
        <path d="M5.2 1.2h5.6l4 4v5.6l-4 4H5.2l-4-4V5.2z" fill="currentColor" />
        <path d="M5.7 5.7l4.6 4.6M10.3 5.7l-4.6 4.6" {...cut} />
      </symbol>
      <symbol id="s-missed" viewBox="0 0 16 16">
        <path d="M5.4 1.9h5.2l3.5 3.5v5.2l-3.5 3.5H5.4l-3.5-3.5V5.4z" {...outline} />
        <path d="M8 4.9v3.6M8 11v.1" {...outline} stroke-linecap="round" />
      </symbol>
      <symbol id="s-running" viewBox="0 0 16 16">
        <circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" stroke-opacity=".28" stroke-width="2" />
        <path
          class="spin"
          d="M8 2a6 6 0 0 1 6 6"
          fill="none"
          stroke="currentColor"
          stroke-width="2"
          stroke-linecap="round"
        />
      </symbol>
      <symbol id="s-queued" viewBox="0 0 16 16">
        <circle cx="8" cy="8" r="6.25" {...outline} />
        <path d="M8 4.8V8l2 1.4" {...outline} {...round} />
      </symbol>
      <symbol id="s-cancelled" viewBox="0 0 16 16">
        <circle cx="8" cy="8" r="6.25" {...outline} />
        <path d="M4 12 12 4" {...outline} />
      </symbol>
      <symbol id="s-idle" viewBox="0 0 16 16">
        <circle cx="8" cy="8" r="6.25" {...outline} stroke-dasharray="2.4 2.5" />
        <path d="M5.6 8h4.8" {...outline} stroke-linecap="round" />
      </symbol>
      <symbol id="brand" viewBox="0 0 20 20">
        <path d="M2.5 3v14M7.5 3v14M12.5 3v14" stroke="currentColor" stroke-width="2.6" stroke-linecap="round" />
        <path d="M17.5 12v5" stroke="currentColor" stroke-width="2.6" stroke-linecap="round" opacity=".5" />
      </symbol>
    </svg>
  );
}
