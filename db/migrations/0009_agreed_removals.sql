CREATE TABLE `disputed_removals` (
	`source_group_id` text NOT NULL,
	`repo_id` text NOT NULL,
	`snapshot_id` text NOT NULL,
	`agreed_at` integer,
	PRIMARY KEY(`source_group_id`, `repo_id`, `snapshot_id`),
	FOREIGN KEY (`source_group_id`) REFERENCES `source_groups`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`repo_id`) REFERENCES `repos`(`id`) ON UPDATE no action ON DELETE cascade
) STRICT;
--> statement-breakpoint
ALTER TABLE `repos` ADD `last_forget_job_id` text;--> statement-breakpoint
ALTER TABLE `snapshots` ADD `first_seen_at` integer;