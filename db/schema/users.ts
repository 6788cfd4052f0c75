/** Tables of users, their sessions, one-time links and API tokens. Only hashes of tokens are stored. */
import { sql } from "drizzle-orm";
import { check, index, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { idColumn, timeColumn } from "./columns.ts";

export const ROLES = ["viewer", "operator", "admin"] as const;
export type Role = (typeof ROLES)[number];

export const users = sqliteTable(
  "users",
  {
    id: idColumn(),
    username: text("username").notNull().unique(),
    email: text("email"),
    role: text("role", { enum: ROLES }).notNull(),
    passwordHash: text("password_hash"),
    authSource: text("auth_source", { enum: ["local", "oidc"] }).notNull(),
    oidcIssuer: text("oidc_issuer"),
    oidcSubject: text("oidc_subject"),
    disabledAt: timeColumn("disabled_at"),
    lastLoginAt: timeColumn("last_login_at"),
    createdAt: timeColumn("created_at").notNull(),
    updatedAt: timeColumn("updated_at").notNull(),
  },
  (t) => [
    uniqueIndex("users_oidc").on(t.oidcIssuer, t.oidcSubject),
    check("users_role", sql`${t.role} in ('viewer', 'operator', 'admin')`),
    check("users_auth_source", sql`${t.authSource} in ('local', 'oidc')`),
    check("users_username_lower", sql`${t.username} = lower(${t.username})`),
  ],
);
export type UserRow = typeof users.$inferSelect;

export const userSetupTokens = sqliteTable("user_setup_tokens", {
  id: idColumn(),
  userId: text("user_id")
    .notNull()
    .unique()
    .references(() => users.id, { onDelete: "cascade" }),
  tokenHash: text("token_hash").notNull().unique(),
  expiresAt: timeColumn("expires_at").notNull(),
  createdAt: timeColumn("created_at").notNull(),
});

export const sessions = sqliteTable(
  "sessions",
  {
    id: idColumn(),
    tokenHash: text("token_hash").notNull().unique(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** Absolute expiry. The idle timeout counts from lastUsedAt. */
    expiresAt: timeColumn("expires_at").notNull(),
    lastUsedAt: timeColumn("last_used_at").notNull(),
    ip: text("ip"),
    userAgent: text("user_agent"),
    idToken: text("id_token"),
    createdAt: timeColumn("created_at").notNull(),
  },
  (t) => [index("sessions_user").on(t.userId)],
);
export type SessionRow = typeof sessions.$inferSelect;

export const apiTokens = sqliteTable(
  "api_tokens",
  {
    id: idColumn(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    name: text("name").notNull(),
    tokenHash: text("token_hash").notNull().unique(),
    roleCap: text("role_cap", { enum: ROLES }),
    lastUsedAt: timeColumn("last_used_at"),
    expiresAt: timeColumn("expires_at"),
    revokedAt: timeColumn("revoked_at"),
    createdAt: timeColumn("created_at").notNull(),
  },
  (t) => [
    index("api_tokens_user").on(t.userId),
    check("api_tokens_role_cap", sql`${t.roleCap} is null or ${t.roleCap} in ('viewer', 'operator', 'admin')`),
  ],
);
