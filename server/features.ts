/** Defines what a feature may bring, and builds one server from all features. */
import type { AgentSide } from "./agents/feature.ts";
import { type App, createApp } from "./app.ts";
import type { AuditFeature } from "./audit/feature.ts";
import type { AuthFeature } from "./auth/feature.ts";
import type { FirstRun } from "./auth/first-run.ts";
import { createErrorPage } from "./http/error-page.tsx";
import type { HttpFeature } from "./http/feature.ts";
import type { Route } from "./http/routes.ts";
import type { Listeners } from "./runtime/facts.ts";
import type { Tick, Ticker } from "./runtime/ticker.ts";
import type { World } from "./runtime/world.ts";

/** Every part is optional. A feature also returns its operations, for the features above it. */
export type Feature = AgentSide & {
  /** REST routes and sockets. */
  routes?: readonly Route[];
  pages?: readonly Route[];
  ticks?: readonly Tick[];
  listeners?: Listeners;
  /** At shutdown: writes what is only in memory. */
  flush?(): void;
};

export type WiredServer = {
  app: App;
  routes: readonly Route[];
  firstRun: FirstRun;
  /** Run by the ticker. A test that moves the clock runs them by hand. */
  ticks: readonly Tick[];
  /** Tells agents, and stores messages on their way. The database may be closed afterwards. */
  drain(): void;
};

type Base = {
  http: HttpFeature;
  auth: AuthFeature;
  audit: AuditFeature;
  ticker: Ticker;
  /** For tests and development: an undeclared answer becomes a 500. */
  checkAnswers: boolean;
};

/** Features receive facts, and are flushed, in the order of the list. */
export function assemble(
  world: World,
  { http, auth, audit, ticker, checkAnswers }: Base,
  features: readonly Feature[],
): WiredServer {
  const { originOf, assets, pageMaker } = http;
  const findSession = auth.sessions.find;
  for (const { listeners = {} } of features)
    for (const [name, listener] of Object.entries(listeners)) world.bus.on(name as never, listener as never);
  const routes = [
    ...features.flatMap((feature) => feature.routes ?? []),
    ...features.flatMap((feature) => feature.pages ?? []),
  ];
  const ticks = features.flatMap((feature) => feature.ticks ?? []);
  const app = createApp({
    ...world,
    routes,
    checkAnswers,
    originOf,
    findSession,
    assets: assets.serve,
    errorPage: createErrorPage({ pages: pageMaker, assets: assets.urls, originOf, findSession }),
    denied: audit.denied,
  });
  ticker.start(ticks);
  return {
    app,
    routes,
    ticks,
    firstRun: auth.firstRun,
    drain() {
      world.drain();
      ticker.stop();
      for (const { flush } of features) flush?.();
    },
  };
}
