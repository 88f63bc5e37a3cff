/** What a reload did, or would do: names as `process:web`, `endpoint:tls` and `gaffer.cors_origins`. */
export interface ReloadReport {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  /**
   * Templates that the file has as before, but that were deleted, replaced or scaled by request: they are made as the file
   * says again, unless `keepDrift`.
   */
  readonly drifted: readonly string[];
  readonly unchanged: readonly string[];
  /** Those changed that will be so only after a new start. */
  readonly needsRestart: readonly string[];
  readonly dryRun: boolean;
  readonly keepDrift: boolean;
}

/** The same as clients see it. */
export type ReloadDocument = Omit<ReloadReport, "needsRestart" | "dryRun" | "keepDrift"> & {
  readonly ok: true;
  readonly needs_restart: readonly string[];
  readonly dry_run: boolean;
  readonly keep_drift: boolean;
};
