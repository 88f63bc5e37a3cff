/** What a reload did, or would do: names as `process:web`, `endpoint:tls` and `gaffer.cors_origins`. */
export interface ReloadReport {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  readonly unchanged: readonly string[];
  /** Those changed that will be so only after a new start. */
  readonly needsRestart: readonly string[];
  readonly dryRun: boolean;
}

/** The same as clients see it. */
export type ReloadDocument = Omit<ReloadReport, "needsRestart" | "dryRun"> & {
  readonly ok: true;
  readonly needs_restart: readonly string[];
  readonly dry_run: boolean;
};
