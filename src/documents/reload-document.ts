/** What a reload changed, or would change. Names look like `process:web`, `endpoint:tls` and `gaffer.cors_origins`. */
export interface ReloadReport {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  /**
   * Templates that did not change in the file, but were deleted, replaced or scaled over the API. The reload restores
   * them to what the file says, unless `keepDrift` is true.
   */
  readonly drifted: readonly string[];
  readonly unchanged: readonly string[];
  /** Changed settings that take effect only after gafferd is restarted. */
  readonly needsRestart: readonly string[];
  readonly dryRun: boolean;
  readonly keepDrift: boolean;
}

/** The JSON form of `ReloadReport`. */
export type ReloadDocument = Omit<ReloadReport, "needsRestart" | "dryRun" | "keepDrift"> & {
  readonly ok: true;
  readonly needs_restart: readonly string[];
  readonly dry_run: boolean;
  readonly keep_drift: boolean;
};
