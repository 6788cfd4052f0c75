/** How machines become hosts: with a token, or with an announcement that an admin accepts. */
import type { AgentFeature } from "../agents/feature.ts";
import type { HttpFeature } from "../http/feature.ts";
import type { RepoFeature } from "../repos/feature.ts";
import type { World } from "../runtime/world.ts";
import type { ScheduleFeature } from "../schedules/feature.ts";
import type { SourceGroupFeature } from "../source-groups/feature.ts";
import { createAnnouncements } from "./announcements.ts";
import { createAnswers, createEnroll, type EnrollDeps } from "./enroll.ts";
import { selfSignedPin } from "./own-certificate.ts";
import { enrollmentPages, type ShareOf } from "./pages.tsx";
import { pendingHostPages } from "./pending-pages.tsx";
import { createPendingSockets } from "./pending-socket.ts";
import { enrollmentRoutes } from "./routes.ts";
import { createEnrollmentTokens } from "./tokens.ts";

export type EnrollmentNeeds = {
  http: HttpFeature;
  agents: AgentFeature;
  repos: RepoFeature;
  groups: SourceGroupFeature;
  schedules: ScheduleFeature;
  accounting: EnrollDeps["accounting"];
  /** Public keys (JWK as JSON text) that agents use to verify their downloads. */
  updateKeys(): string[];
  shareOf: ShareOf;
};

export type EnrollmentFeature = ReturnType<typeof enrollmentFeature>;

export function enrollmentFeature(world: World, needs: EnrollmentNeeds) {
  const { http, agents, repos, accounting, updateKeys, shareOf } = needs;
  const { groups } = needs.groups;
  const { schedules } = needs.schedules;
  const host = { ...world, credentials: repos.credentials, groups, schedules };
  const { tls, trustedProxies } = world.config;
  const pin = selfSignedPin(tls?.certFile ?? null, trustedProxies.length > 0);
  const tokens = createEnrollmentTokens(world);
  const answerFor = createAnswers({ ...world, updateKeys });
  const enroll = createEnroll({ ...host, hub: agents.hub, tokens, accounting, answerFor });
  const announcements = createAnnouncements(host);
  const sockets = createPendingSockets({ ...world, announcements, answerFor });
  const pages = http.pageMaker;
  return {
    announcements,
    routes: [...enrollmentRoutes({ ...world, tokens, enroll, announcements, pin }), ...sockets.routes],
    pages: [
      ...enrollmentPages({ ...world, pages, tokens, shareOf, pin }),
      ...pendingHostPages({ ...world, pages, announcements, shareOf }),
    ],
    ticks: [...sockets.ticks, ...announcements.ticks],
  };
}
