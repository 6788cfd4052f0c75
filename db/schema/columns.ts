/** Column helpers that make ids, times, flags and JSON look the same in every table. */
import { integer, text } from "drizzle-orm/sqlite-core";

export const idColumn = () => text("id").primaryKey();
/** Unix milliseconds. */
export const timeColumn = (name: string) => integer(name);
export const flagColumn = (name: string) => integer(name, { mode: "boolean" });
export const jsonColumn = <T>(name: string) => text(name, { mode: "json" }).$type<T>();
