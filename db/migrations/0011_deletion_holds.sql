CREATE TABLE `deletion_holds` (
	`id` text PRIMARY KEY NOT NULL,
	`host_id` text,
	`tag` text,
	`reason` text NOT NULL,
	`held_by_user_id` text NOT NULL,
	`held_at` integer NOT NULL,
	FOREIGN KEY (`host_id`) REFERENCES `hosts`(`id`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "deletion_holds_one_scope" CHECK("deletion_holds"."host_id" is null or "deletion_holds"."tag" is null)
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `deletion_holds_host` ON `deletion_holds` (`host_id`);--> statement-breakpoint
CREATE UNIQUE INDEX `deletion_holds_tag` ON `deletion_holds` (`tag`);