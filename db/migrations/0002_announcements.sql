ALTER TABLE `pending_hosts` ADD `roaming_hint` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `pending_hosts` ADD `enrolled_host_id` text REFERENCES hosts(id) ON DELETE CASCADE;--> statement-breakpoint
CREATE UNIQUE INDEX `pending_hosts_key` ON `pending_hosts` (`public_key`);