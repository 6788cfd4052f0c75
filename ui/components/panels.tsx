// Containers: notices, tiles, facts, copy boxes, empty states, breadcrumbs, tabs, pager, ledger sections.
import type { Child } from "hono/jsx";
import { formatCount } from "../format.ts";
import { Glyph, type GlyphName, toneOf } from "./glyph.tsx";
import { Icon } from "./icon.tsx";

/** A tinted box: the reason in bold, then the remedy, with buttons on the right. */
export function Notice({
  glyph,
  reason,
  children,
  verbs,
}: {
  glyph: GlyphName;
  reason: Child;
  children?: Child;
  verbs?: Child;
}) {
  return (
    <div class={`notice ${toneOf(glyph)}`}>
      <Glyph name={glyph} />
      <div>
        <b>{reason}</b> {children}
      </div>
      {verbs ? <div class="btns">{verbs}</div> : null}
    </div>
  );
}

/** A figure in the band below a verdict, linked if there is a list behind it. */
export function Tile({
  label,
  figure,
  unit,
  note,
  href,
  children,
}: {
  label: string;
  figure: Child;
  unit?: Child;
  note: Child;
  href?: string;
  children?: Child;
}) {
  const inside = (
    <>
      <span class="tile-label">{label}</span>
      <span class="tile-figure">
        {figure} {unit ? <small>{unit}</small> : null}
      </span>
      <span class="tile-note">{note}</span>
      {children}
    </>
  );
  return href ? (
    <a class="tile" href={href}>
      {inside}
    </a>
  ) : (
    <div class="tile">{inside}</div>
  );
}

/** One fact per row, label and value side by side. Facts without a value are left out. */
export function FactRows({ facts }: { facts: readonly (readonly [label: string, value: Child])[] }) {
  return (
    <dl class="facts-rows">
      {facts
        .filter(([, value]) => value !== null && value !== undefined && value !== "")
        .map(([label, value]) => (
          <>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </>
        ))}
    </dl>
  );
}

/** Figures side by side, each under a small label. */
export function Figures({ facts }: { facts: readonly (readonly [label: string, value: Child])[] }) {
  return (
    <dl class="facts">
      {facts.map(([label, value]) => (
        <div>
          <dt>{label}</dt>
          <dd class="figure">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A command or secret with a Copy button. */
export function CopyBox({ text, label, prompt }: { text: string; label: string; prompt?: string }) {
  return (
    <div class="copy">
      <code>
        {prompt ? <span class="prompt">{prompt} </span> : null}
        <span data-copy-text="">{text}</span>
      </code>
      <button class="btn btn-s" type="button" data-copy="" aria-label={label}>
        <Icon name="copy" />
        Copy
      </button>
    </div>
  );
}

/** An empty state: explains what will appear here and offers the next step. */
export function Empty({ title, children, action }: { title: string; children: Child; action?: Child }) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      <p>{children}</p>
      {action ?? null}
    </div>
  );
}

export type Crumb = { label: Child; href?: string };

export function Crumbs({ crumbs }: { crumbs: readonly Crumb[] }) {
  return (
    <nav class="crumbs" aria-label="Breadcrumb">
      {crumbs.map(({ label, href }, at) => (
        <>
          {at > 0 ? <Icon name="chevron-right" /> : null}
          {href ? <a href={href}>{label}</a> : <span aria-current="page">{label}</span>}
        </>
      ))}
    </nav>
  );
}

export type Tab = { label: string; href: string; count?: number; current: boolean };

export function Tabs({ label, tabs }: { label: string; tabs: readonly Tab[] }) {
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map((tab) => (
        <a href={tab.href} aria-current={tab.current ? "page" : undefined}>
          {tab.label}
          {tab.count === undefined ? null : <span class="n">{formatCount(tab.count)}</span>}
        </a>
      ))}
    </nav>
  );
}

/** "1–50 of 118" with links to the neighbouring pages; `href` returns the address of an offset. */
export function Pager({
  offset,
  limit,
  total,
  isCut = false,
  href,
  note,
  words = ["Newer", "Older"],
}: {
  offset: number;
  limit: number;
  total: number;
  /** There are more than `total`; counting stopped there. */
  isCut?: boolean;
  href: (offset: number) => string;
  note?: Child;
  words?: readonly [back: string, on: string];
}) {
  const back = offset > 0 ? href(Math.max(0, offset - limit)) : null;
  const on = offset + limit < total || isCut ? href(offset + limit) : null;
  return (
    <div class="foot">
      <span>
        {total === 0
          ? "none"
          : `${formatCount(offset + 1)}–${formatCount(isCut ? offset + limit : Math.min(total, offset + limit))} of ${formatCount(total)}${isCut ? "+" : ""}`}
        {note ? <> · {note}</> : null}
      </span>
      {back || on ? (
        <span class="pager">
          <PagerLink href={back}>{words[0]}</PagerLink>
          <PagerLink href={on}>{words[1]}</PagerLink>
        </span>
      ) : null}
    </div>
  );
}

function PagerLink({ href, children }: { href: string | null; children: Child }) {
  return href ? (
    <a class="btn btn-s" href={href}>
      {children}
    </a>
  ) : (
    <span class="btn btn-s" aria-disabled="true">
      {children}
    </span>
  );
}

/** A section of a form or settings page: title and explanation on the left, content on the right. */
export function LedgerSection({
  id,
  title,
  about,
  danger,
  children,
}: {
  id: string;
  title: Child;
  about?: Child;
  danger?: boolean;
  children: Child;
}) {
  return (
    <section aria-labelledby={id} class={danger ? "danger" : undefined}>
      <div class="about">
        <h2 id={id}>{title}</h2>
        {about ? <p>{about}</p> : null}
      </div>
      {children}
    </section>
  );
}
