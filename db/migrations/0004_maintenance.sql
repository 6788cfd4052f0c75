DROP INDEX `repos_host_name`;--> statement-breakpoint
ALTER TABLE `repos` ADD `check_parts` integer;--> statement-breakpoint
ALTER TABLE `repos` ADD `check_round_since` integer;--> statement-breakpoint
ALTER TABLE `repos` ADD `maintenance_since` integer;--> statement-breakpoint
ALTER TABLE `repos` ADD `last_forget_at` integer;--> statement-breakpoint
ALTER TABLE `repos` ADD `last_forget_status` text;--> statement-breakpoint
ALTER TABLE `repos` ADD `last_prune_status` text;--> statement-breakpoint
ALTER TABLE `repos` ADD `locks` text;--> statement-breakpoint
ALTER TABLE `repos` ADD `locks_at` integer;--> statement-breakpoint
ALTER TABLE `repos` ADD `removed_at` integer;--> statement-breakpoint
CREATE UNIQUE INDEX `repos_host_name` ON `repos` (`host_id`,lower("name")) WHERE "repos"."removed_at" is null;--> statement-breakpoint
ALTER TABLE `credentials` ADD `proved_at` integer;