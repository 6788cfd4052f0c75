ALTER TABLE `hosts` ADD `days_closed_until` text;--> statement-breakpoint
ALTER TABLE `schedules` ADD `accounted_until` integer;--> statement-breakpoint
ALTER TABLE `daily_outcomes` ADD `due` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `source_groups` ADD `retention_held_since` integer;--> statement-breakpoint
ALTER TABLE `source_groups` ADD `retention_settled_at` integer;--> statement-breakpoint
CREATE INDEX `jobs_schedule` ON `jobs` (`schedule_id`,`scheduled_at`) WHERE "jobs"."schedule_id" is not null;