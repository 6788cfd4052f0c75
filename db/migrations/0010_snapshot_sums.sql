DROP INDEX `snapshots_repo_time`;--> statement-breakpoint
CREATE INDEX `snapshots_repo_time` ON `snapshots` (`repo_id`,`time`,`added_bytes`);