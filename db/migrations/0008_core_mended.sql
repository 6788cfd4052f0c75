ALTER TABLE `jobs` ADD `warning_causes` text;--> statement-breakpoint
ALTER TABLE `repos` ADD `unreadable_snapshots` text;--> statement-breakpoint
ALTER TABLE `snapshots` ADD `utc_offset_minutes` integer;--> statement-breakpoint
ALTER TABLE `daily_outcomes` ADD `warning_codes` text;