CREATE TABLE `audit_log` (
	`id` text PRIMARY KEY NOT NULL,
	`ts` integer NOT NULL,
	`actor` text NOT NULL,
	`user_id` text,
	`action` text NOT NULL,
	`target_kind` text,
	`target_id` text,
	`target_name` text,
	`ip` text,
	`payload` text NOT NULL,
	CONSTRAINT "audit_log_actor" CHECK("audit_log"."actor" in ('user', 'agent', 'system'))
) STRICT;
--> statement-breakpoint
CREATE INDEX `audit_log_ts` ON `audit_log` (`ts`);
--> statement-breakpoint
CREATE INDEX `audit_log_user` ON `audit_log` (`user_id`,`ts`);
--> statement-breakpoint
CREATE INDEX `audit_log_target` ON `audit_log` (`target_kind`,`target_id`,`ts`);
--> statement-breakpoint
CREATE TABLE `enrollment_tokens` (
	`id` text PRIMARY KEY NOT NULL,
	`token_hash` text NOT NULL,
	`host_name` text NOT NULL,
	`host_id` text,
	`replaces` integer DEFAULT false NOT NULL,
	`sealed` text,
	`repo_url` text,
	`includes` text NOT NULL,
	`tags` text NOT NULL,
	`backup_now` integer NOT NULL,
	`lifetime_ms` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`revoked_at` integer,
	`consumed_at` integer,
	`consumed_key` text,
	`enrolled_host_id` text,
	`created_by` text,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`host_id`) REFERENCES `hosts`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`created_by`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE set null
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `enrollment_tokens_token_hash_unique` ON `enrollment_tokens` (`token_hash`);
--> statement-breakpoint
CREATE TABLE `pending_hosts` (
	`id` text PRIMARY KEY NOT NULL,
	`public_key` text NOT NULL,
	`fingerprint` text NOT NULL,
	`host_name` text NOT NULL,
	`machine_id` text NOT NULL,
	`os` text NOT NULL,
	`arch` text NOT NULL,
	`timezone` text NOT NULL,
	`agent_version` text NOT NULL,
	`restic_version` text,
	`protocol_version` integer NOT NULL,
	`agent_token_hash` text,
	`announced_from_ip` text NOT NULL,
	`last_seen_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`created_at` integer NOT NULL,
	CONSTRAINT "pending_hosts_os" CHECK("pending_hosts"."os" in ('linux', 'windows')),
	CONSTRAINT "pending_hosts_arch" CHECK("pending_hosts"."arch" in ('x64', 'arm64'))
) STRICT;
--> statement-breakpoint
CREATE TABLE `hosts` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`restic_host` text NOT NULL,
	`machine_id` text NOT NULL,
	`os` text NOT NULL,
	`arch` text NOT NULL,
	`hostname` text NOT NULL,
	`agent_version` text NOT NULL,
	`restic_version` text,
	`protocol_version` integer NOT NULL,
	`timezone` text NOT NULL,
	`timezone_override` text,
	`tags` text NOT NULL,
	`roaming` integer NOT NULL,
	`token_hash` text,
	`enrolled_at` integer NOT NULL,
	`enrolled_from_ip` text,
	`archived_at` integer,
	`replaced_at` integer,
	`schedules_paused` integer DEFAULT false NOT NULL,
	`last_seen_at` integer,
	`clock_skew_ms` integer,
	`bandwidth_up_kbps` integer,
	`bandwidth_down_kbps` integer,
	`pre_hook_default` text,
	`post_hook_default` text,
	`hook_shell` text,
	`capabilities` text NOT NULL,
	`state_version` integer NOT NULL,
	`applied_state_version` integer,
	`applied_state_digest` text,
	`state_errors` text NOT NULL,
	`drift_since` integer,
	`backup_when_ready` integer DEFAULT false NOT NULL,
	`current_job_id` text,
	`last_backup_at` integer,
	`repo_size_bytes` integer,
	`snapshot_count` integer DEFAULT 0 NOT NULL,
	`open_alert_count` integer DEFAULT 0 NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	CONSTRAINT "hosts_os" CHECK("hosts"."os" in ('linux', 'windows')),
	CONSTRAINT "hosts_arch" CHECK("hosts"."arch" in ('x64', 'arm64'))
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `hosts_token_hash_unique` ON `hosts` (`token_hash`);
--> statement-breakpoint
CREATE UNIQUE INDEX `hosts_live_name` ON `hosts` (lower("name")) WHERE "hosts"."archived_at" is null;
--> statement-breakpoint
CREATE INDEX `hosts_machine` ON `hosts` (`machine_id`);
--> statement-breakpoint
CREATE TABLE `revoked_agent_tokens` (
	`token_hash` text PRIMARY KEY NOT NULL,
	`host_id` text NOT NULL,
	`reason` text NOT NULL,
	`revoked_at` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `job_logs` (
	`job_id` text NOT NULL,
	`seq` integer NOT NULL,
	`ts` integer NOT NULL,
	`stream` text NOT NULL,
	`payload` text NOT NULL,
	PRIMARY KEY(`job_id`, `seq`),
	FOREIGN KEY (`job_id`) REFERENCES `jobs`(`id`) ON UPDATE no action ON DELETE cascade
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `jobs` (
	`id` text PRIMARY KEY NOT NULL,
	`host_id` text NOT NULL,
	`repo_id` text,
	`source_group_id` text,
	`schedule_id` text,
	`kind` text NOT NULL,
	`status` text NOT NULL,
	`attempt` integer NOT NULL,
	`actor_kind` text NOT NULL,
	`actor_id` text,
	`args` text NOT NULL,
	`scheduled_at` integer,
	`queued_at` integer NOT NULL,
	`sent_at` integer,
	`accepted_at` integer,
	`expires_at` integer,
	`cancel_requested_at` integer,
	`started_at` integer,
	`finished_at` integer,
	`received_at` integer,
	`closed_by` text,
	`exit_code` integer,
	`warnings` integer DEFAULT 0 NOT NULL,
	`stats` text,
	`error_code` text,
	`error_message` text,
	`log_lines` integer DEFAULT 0 NOT NULL,
	`restic_version` text,
	FOREIGN KEY (`host_id`) REFERENCES `hosts`(`id`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "jobs_status" CHECK("jobs"."status" in ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
	CONSTRAINT "jobs_final" CHECK(("jobs"."status" in ('queued', 'running')) = ("jobs"."finished_at" is null)),
	CONSTRAINT "jobs_actor" CHECK("jobs"."actor_kind" in ('user', 'schedule', 'system')),
	CONSTRAINT "jobs_closed_by" CHECK("jobs"."closed_by" is null or "jobs"."closed_by" in ('agent', 'server'))
) STRICT;
--> statement-breakpoint
CREATE INDEX `jobs_host_queued` ON `jobs` (`host_id`,`queued_at`);
--> statement-breakpoint
CREATE INDEX `jobs_queued` ON `jobs` (`queued_at`);
--> statement-breakpoint
CREATE INDEX `jobs_repo` ON `jobs` (`repo_id`,`kind`,`queued_at`);
--> statement-breakpoint
CREATE INDEX `jobs_group` ON `jobs` (`source_group_id`,`queued_at`);
--> statement-breakpoint
CREATE INDEX `jobs_open` ON `jobs` (`host_id`,`kind`) WHERE "jobs"."status" in ('queued', 'running');
--> statement-breakpoint
CREATE INDEX `jobs_finished` ON `jobs` (`finished_at`);
--> statement-breakpoint
CREATE TABLE `credentials` (
	`id` text PRIMARY KEY NOT NULL,
	`repo_id` text NOT NULL,
	`slot` text NOT NULL,
	`sealed` text NOT NULL,
	`previous_sealed` text,
	`trial_error` text,
	`rotated_at` integer NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`repo_id`) REFERENCES `repos`(`id`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "credentials_slot" CHECK("credentials"."slot" in ('everyday', 'admin'))
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `credentials_repo_slot` ON `credentials` (`repo_id`,`slot`);
--> statement-breakpoint
CREATE TABLE `repo_samples` (
	`repo_id` text NOT NULL,
	`day` text NOT NULL,
	`size_bytes` integer,
	`snapshot_count` integer NOT NULL,
	`added_bytes` integer NOT NULL,
	PRIMARY KEY(`repo_id`, `day`),
	FOREIGN KEY (`repo_id`) REFERENCES `repos`(`id`) ON UPDATE no action ON DELETE cascade
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `repos` (
	`id` text PRIMARY KEY NOT NULL,
	`host_id` text NOT NULL,
	`name` text NOT NULL,
	`is_primary` integer NOT NULL,
	`kind` text NOT NULL,
	`url` text NOT NULL,
	`restic_id` text,
	`format_version` integer,
	`status` text DEFAULT 'unknown' NOT NULL,
	`status_code` text,
	`status_message` text,
	`status_at` integer,
	`waiting_since` integer,
	`append_only` text DEFAULT 'unknown' NOT NULL,
	`append_only_checked_at` integer,
	`maintenance_host_id` text,
	`maintenance_enabled` integer DEFAULT true NOT NULL,
	`forget_cron` text,
	`prune_cron` text,
	`check_cron` text,
	`check_budget_bytes` integer DEFAULT 10737418240 NOT NULL,
	`check_next_part` integer DEFAULT 1 NOT NULL,
	`compression` text DEFAULT 'auto' NOT NULL,
	`size_bytes` integer,
	`restore_size_bytes` integer,
	`file_count` integer,
	`snapshot_count` integer DEFAULT 0 NOT NULL,
	`dedup_ratio` real,
	`compression_ratio` real,
	`measured_at` integer,
	`snapshots_taken_at` integer,
	`last_check_at` integer,
	`last_check_status` text,
	`fully_read_since` integer,
	`last_prune_at` integer,
	`lock_count` integer,
	`oldest_lock_at` integer,
	`last_verified_at` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`host_id`) REFERENCES `hosts`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`maintenance_host_id`) REFERENCES `hosts`(`id`) ON UPDATE no action ON DELETE set null,
	CONSTRAINT "repos_kind" CHECK("repos"."kind" in ('rest', 'local', 'sftp', 's3', 'b2', 'rclone', 'other')),
	CONSTRAINT "repos_status" CHECK("repos"."status" in ('unknown', 'waiting', 'ready', 'failed')),
	CONSTRAINT "repos_append_only" CHECK("repos"."append_only" in ('unknown', 'proven', 'violated', 'not_applicable')),
	CONSTRAINT "repos_compression" CHECK("repos"."compression" in ('auto', 'off', 'max'))
) STRICT;
--> statement-breakpoint
CREATE INDEX `repos_host` ON `repos` (`host_id`);
--> statement-breakpoint
CREATE UNIQUE INDEX `repos_one_primary` ON `repos` (`host_id`) WHERE "repos"."is_primary" = 1;
--> statement-breakpoint
CREATE UNIQUE INDEX `repos_host_name` ON `repos` (`host_id`,lower("name"));
--> statement-breakpoint
CREATE INDEX `repos_restic_id` ON `repos` (`restic_id`);
--> statement-breakpoint
CREATE TABLE `schedule_skips` (
	`schedule_id` text NOT NULL,
	`due_at` integer NOT NULL,
	`source_group_id` text NOT NULL,
	`repo_id` text NOT NULL,
	`host_id` text NOT NULL,
	`reason` text NOT NULL,
	`because_job_id` text,
	PRIMARY KEY(`schedule_id`, `due_at`, `source_group_id`, `repo_id`),
	FOREIGN KEY (`host_id`) REFERENCES `hosts`(`id`) ON UPDATE no action ON DELETE cascade
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `schedule_source_groups` (
	`schedule_id` text NOT NULL,
	`source_group_id` text NOT NULL,
	PRIMARY KEY(`schedule_id`, `source_group_id`),
	FOREIGN KEY (`schedule_id`) REFERENCES `schedules`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`source_group_id`) REFERENCES `source_groups`(`id`) ON UPDATE no action ON DELETE restrict
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `schedules` (
	`id` text PRIMARY KEY NOT NULL,
	`host_id` text NOT NULL,
	`cron` text NOT NULL,
	`timezone` text,
	`splay_minutes` integer NOT NULL,
	`enabled` integer NOT NULL,
	`next_run_at` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`host_id`) REFERENCES `hosts`(`id`) ON UPDATE no action ON DELETE cascade
) STRICT;
--> statement-breakpoint
CREATE INDEX `schedules_host` ON `schedules` (`host_id`);
--> statement-breakpoint
CREATE TABLE `settings` (
	`key` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `snapshot_report_parts` (
	`repo_id` text NOT NULL,
	`report_id` text NOT NULL,
	`part` integer NOT NULL,
	`parts` integer NOT NULL,
	`taken_at` integer NOT NULL,
	`rows` text NOT NULL,
	PRIMARY KEY(`repo_id`, `report_id`, `part`),
	FOREIGN KEY (`repo_id`) REFERENCES `repos`(`id`) ON UPDATE no action ON DELETE cascade
) STRICT;
--> statement-breakpoint
CREATE TABLE `snapshots` (
	`repo_id` text NOT NULL,
	`snapshot_id` text NOT NULL,
	`short_id` text NOT NULL,
	`time` integer NOT NULL,
	`hostname` text NOT NULL,
	`username` text NOT NULL,
	`paths` text NOT NULL,
	`tags` text NOT NULL,
	`parent` text,
	`program_version` text,
	`size_bytes` integer,
	`file_count` integer,
	`added_bytes` integer,
	PRIMARY KEY(`repo_id`, `snapshot_id`),
	FOREIGN KEY (`repo_id`) REFERENCES `repos`(`id`) ON UPDATE no action ON DELETE cascade
) STRICT;
--> statement-breakpoint
CREATE INDEX `snapshots_repo_time` ON `snapshots` (`repo_id`,`time`);
--> statement-breakpoint
CREATE TABLE `backup_targets` (
	`source_group_id` text NOT NULL,
	`repo_id` text NOT NULL,
	`last_job_id` text,
	`last_status` text,
	`last_warnings` integer DEFAULT 0 NOT NULL,
	`last_at` integer,
	`last_success_at` integer,
	`added_bytes_median` integer,
	`files_median` integer,
	PRIMARY KEY(`source_group_id`, `repo_id`),
	FOREIGN KEY (`source_group_id`) REFERENCES `source_groups`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`repo_id`) REFERENCES `repos`(`id`) ON UPDATE no action ON DELETE cascade
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `daily_outcomes` (
	`host_id` text NOT NULL,
	`source_group_id` text NOT NULL,
	`day` text NOT NULL,
	`outcome` text NOT NULL,
	`runs` integer NOT NULL,
	`failed` integer NOT NULL,
	PRIMARY KEY(`host_id`, `source_group_id`, `day`),
	FOREIGN KEY (`host_id`) REFERENCES `hosts`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`source_group_id`) REFERENCES `source_groups`(`id`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "daily_outcomes_outcome" CHECK("daily_outcomes"."outcome" in ('ok', 'warning', 'recovered', 'failed', 'missed', 'none_due'))
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `source_group_repos` (
	`source_group_id` text NOT NULL,
	`repo_id` text NOT NULL,
	PRIMARY KEY(`source_group_id`, `repo_id`),
	FOREIGN KEY (`source_group_id`) REFERENCES `source_groups`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`repo_id`) REFERENCES `repos`(`id`) ON UPDATE no action ON DELETE cascade
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `source_groups` (
	`id` text PRIMARY KEY NOT NULL,
	`host_id` text NOT NULL,
	`name` text NOT NULL,
	`tag` text NOT NULL,
	`includes` text NOT NULL,
	`excludes` text NOT NULL,
	`exclude_caches` integer DEFAULT true NOT NULL,
	`one_file_system` integer DEFAULT false NOT NULL,
	`retention` text NOT NULL,
	`retry_max` integer DEFAULT 3 NOT NULL,
	`retry_backoff_seconds` integer DEFAULT 60 NOT NULL,
	`log_files` integer DEFAULT false NOT NULL,
	`pre_hook` text,
	`post_hook` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`host_id`) REFERENCES `hosts`(`id`) ON UPDATE no action ON DELETE cascade
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `source_groups_tag` ON `source_groups` (`host_id`,`tag`);
--> statement-breakpoint
CREATE UNIQUE INDEX `source_groups_name` ON `source_groups` (`host_id`,lower("name"));
--> statement-breakpoint
CREATE TABLE `api_tokens` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`name` text NOT NULL,
	`token_hash` text NOT NULL,
	`role_cap` text,
	`last_used_at` integer,
	`expires_at` integer,
	`revoked_at` integer,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "api_tokens_role_cap" CHECK("api_tokens"."role_cap" is null or "api_tokens"."role_cap" in ('viewer', 'operator', 'admin'))
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `api_tokens_token_hash_unique` ON `api_tokens` (`token_hash`);
--> statement-breakpoint
CREATE INDEX `api_tokens_user` ON `api_tokens` (`user_id`);
--> statement-breakpoint
CREATE TABLE `sessions` (
	`id` text PRIMARY KEY NOT NULL,
	`token_hash` text NOT NULL,
	`user_id` text NOT NULL,
	`expires_at` integer NOT NULL,
	`last_used_at` integer NOT NULL,
	`ip` text,
	`user_agent` text,
	`id_token` text,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `sessions_token_hash_unique` ON `sessions` (`token_hash`);
--> statement-breakpoint
CREATE INDEX `sessions_user` ON `sessions` (`user_id`);
--> statement-breakpoint
CREATE TABLE `user_setup_tokens` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`token_hash` text NOT NULL,
	`expires_at` integer NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `user_setup_tokens_user_id_unique` ON `user_setup_tokens` (`user_id`);
--> statement-breakpoint
CREATE UNIQUE INDEX `user_setup_tokens_token_hash_unique` ON `user_setup_tokens` (`token_hash`);
--> statement-breakpoint
CREATE TABLE `users` (
	`id` text PRIMARY KEY NOT NULL,
	`username` text NOT NULL,
	`email` text,
	`role` text NOT NULL,
	`password_hash` text,
	`auth_source` text NOT NULL,
	`oidc_issuer` text,
	`oidc_subject` text,
	`disabled_at` integer,
	`last_login_at` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	CONSTRAINT "users_role" CHECK("users"."role" in ('viewer', 'operator', 'admin')),
	CONSTRAINT "users_auth_source" CHECK("users"."auth_source" in ('local', 'oidc')),
	CONSTRAINT "users_username_lower" CHECK("users"."username" = lower("users"."username"))
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `users_username_unique` ON `users` (`username`);
--> statement-breakpoint
CREATE UNIQUE INDEX `users_oidc` ON `users` (`oidc_issuer`,`oidc_subject`);
