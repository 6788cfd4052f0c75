CREATE INDEX `jobs_kind` ON `jobs` (`kind`,`queued_at`);--> statement-breakpoint
CREATE INDEX `jobs_status` ON `jobs` (`status`,`queued_at`);