import { Elysia } from "elysia";
import { keepOpen } from "../listen/connection.ts";
import { flag } from "../operation/parameter.ts";
import type { ReloadDocument, ReloadReport } from "../../documents/reload-document.ts";

/** Reloads the configuration. Both options default to false. */
export type Reload = (options?: ReloadRequest) => Promise<ReloadReport>;

export type ReloadRequest = Partial<Pick<ReloadReport, "dryRun" | "keepDrift">>;

/** The query parameters of `POST /_reload`. */
export const reloadParameters = {
  dryRun: flag("dry_run", false, "`true`: return the changes without making them."),
  keepDrift: flag("keep_drift", false, "`true`: do not restore templates that were changed over the API."),
} as const;

/** `/_reload`: reloads the configuration. Answers when all changes have been applied. */
export function reloadRoutes(reload: Reload) {
  return new Elysia({ name: "reload" }).post(
    "/_reload",
    async ({ request }): Promise<ReloadDocument> => {
      const query = new URL(request.url).searchParams;
      const dryRun = reloadParameters.dryRun.read(query);
      const keepDrift = reloadParameters.keepDrift.read(query);
      keepOpen(request);
      const { added, changed, removed, drifted, unchanged, needsRestart } = await reload({ dryRun, keepDrift });
      const names = { added, changed, removed, drifted, unchanged, needs_restart: needsRestart };
      return { ok: true, dry_run: dryRun, keep_drift: keepDrift, ...names };
    },
    { parse: "none" },
  );
}
