import { Elysia } from "elysia";
import { keepOpen } from "../listen/connection.ts";
import { flag } from "../operation/parameter.ts";
import type { ReloadDocument, ReloadReport } from "../../documents/reload-document.ts";

/** By default it is no dry run, and drift is set right. */
export type Reload = (options?: ReloadRequest) => Promise<ReloadReport>;

export type ReloadRequest = Partial<Pick<ReloadReport, "dryRun" | "keepDrift">>;

/** What may stand in the query of `POST /_reload`. */
export const reloadParameters = {
  dryRun: flag("dry_run", false, "`true`: say what would be done, and do nothing."),
  keepDrift: flag("keep_drift", false, "`true`: leave templates as they are that were changed by request."),
} as const;

/** `/_reload`: the configuration is read again. Answers when all that is different was done. */
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
