ALTER TABLE `repos` ADD `failed_since` integer;--> statement-breakpoint
CREATE INDEX `schedule_skips_host_group_due` ON `schedule_skips` (`host_id`,`source_group_id`,`due_at`);