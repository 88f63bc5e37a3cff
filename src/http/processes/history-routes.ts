import { Elysia } from "elysia";
import { GafferdError } from "../../errors.ts";
import type { Manager } from "../../manager/manager.ts";
import type { Parameter } from "../operation/parameter.ts";
import { parseWhole } from "../operation/query.ts";
import { findTemplate } from "../operation/target.ts";

/** The query parameter of a report. */
export const bootParameter: Parameter = {
  name: "boot",
  description:
    "The run of gafferd that had the process. Each run numbers its processes from 1. Default: the newest exit of this pid.",
  schema: { type: "string", minLength: 1 },
  examples: ["r5k2x"],
};

/** `/processes/:id/_history`: the last exits of a template, and the report of one. */
export function historyRoutes(manager: Manager) {
  return new Elysia({ name: "history" })
    .get("/processes/:id/_history", ({ params }) => {
      const history = manager.exits.list(params.id);
      // The exits of a template that was deleted can still be read.
      if (history.length === 0) findTemplate(manager, params.id);
      return { ok: true, history };
    })
    .get("/processes/:id/_history/:pid", ({ request, params }) => {
      const pid = parseWhole(params.pid, "pid");
      const boot = new URL(request.url).searchParams.get(bootParameter.name) ?? undefined;
      const report = manager.exits.report(params.id, pid, boot);
      if (report !== undefined) return report;
      const { name } = findTemplate(manager, params.id).template;
      const advice = `GET /processes/${name}/_history lists the exits that are kept`;
      throw new GafferdError("not_found", `\`${name}\` has no exit of a process ${pid}; ${advice}`);
    });
}
