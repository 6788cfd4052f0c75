/** Table of deletion holds: what people have protected from forget and prune until somebody releases it. */
import { sql } from "drizzle-orm";
import { check, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { idColumn, timeColumn } from "./columns.ts";
import { hosts } from "./hosts.ts";

/** With neither host nor tag, it covers every host. */
export const deletionHolds = sqliteTable(
  "deletion_holds",
  {
    id: idColumn(),
    hostId: text("host_id").references(() => hosts.id, { onDelete: "cascade" }),
    tag: text("tag"),
    reason: text("reason").notNull(),
    heldByUserId: text("held_by_user_id").notNull(),
    heldAt: timeColumn("held_at").notNull(),
  },
  (t) => [
    uniqueIndex("deletion_holds_host").on(t.hostId),
    uniqueIndex("deletion_holds_tag").on(t.tag),
    check("deletion_holds_one_scope", sql`${t.hostId} is null or ${t.tag} is null`),
  ],
);
export type DeletionHoldRow = typeof deletionHolds.$inferSelect;
