import { Elysia } from "elysia";
import { keepOpen } from "../listen/connection.ts";
import { flag } from "../operation/parameter.ts";
import type { ReloadDocument, ReloadReport } from "../../documents/reload-document.ts";

export type Reload = (options: { readonly dryRun: boolean }) => Promise<ReloadReport>;

/** What may stand in the query of `POST /_reload`. */
export const reloadParameters = {
  dryRun: flag("dry_run", false, "`true`: say what would be done, and do nothing."),
} as const;

/** `/_reload`: the configuration is read again. Answers when all that is different was done. */
export function reloadRoutes(reload: Reload) {
  return new Elysia({ name: "reload" }).post(
    "/_reload",
    async ({ request }): Promise<ReloadDocument> => {
      const dryRun = reloadParameters.dryRun.read(new URL(request.url).searchParams);
      keepOpen(request);
      const { added, changed, removed, unchanged, needsRestart } = await reload({ dryRun });
      return { ok: true, dry_run: dryRun, added, changed, removed, unchanged, needs_restart: needsRestart };
    },
    { parse: "none" },
  );
}
