import { Elysia } from "elysia";
import { onBehalfOf } from "../../actor.ts";
import { whenTimeIsLeft } from "../../slices.ts";
import { EncodingCache } from "../feed/encoding-cache.ts";
import type { Manager } from "../../manager/manager.ts";
import { loadAccounts } from "../../process/accounts.ts";
import { toDocument } from "../../template/document.ts";
import { parseTemplate } from "../../template/schema.ts";
import { readObject } from "../operation/body.ts";
import { keepOpen } from "../listen/connection.ts";
import { okWhenSaved } from "./ok-when-saved.ts";
import { readDetail, toProcessDocument } from "./process-document.ts";
import { exportTemplates } from "./export-templates.ts";
import { choice, flag } from "../operation/parameter.ts";
import { findTarget, findTemplate } from "../operation/target.ts";
import type { TextAnswer } from "../operation/text-answer.ts";
import { jsonAnswer, longJsonAnswer } from "../quirks/json-answer.ts";

/** The query parameters of `GET /processes`. */
export const listParameters = {
  running: flag(
    "running",
    false,
    "`true`: list the pids of running processes in ascending order. With `detail`: list only templates with a running process.",
  ),
  detail: flag("detail", false, "`true`: return the settings, status and processes of each template."),
  format: choice(
    "format",
    ["json", "ini"],
    "`ini`: a configuration file with a section for each template, its present number of processes, and `start = false` if it was stopped. With `running`: only templates with a running process.",
  ),
} as const;

/** `/processes` and `/processes/:id`: read, create, replace and delete. The actions are in `action-routes.ts`. */
export function processRoutes(manager: Manager) {
  return new Elysia({ name: "processes" })
    .get("/processes", ({ request }) => listProcesses(manager, new URL(request.url).searchParams))
    .post("/processes", ({ request }) => createTemplate(manager, request), { parse: "none" })
    .get("/processes/:id", ({ params }) => {
      // As in gaffer, a process that has exited is not found.
      const target = findTarget(manager, params.id, "not_found");
      const source = manager.kept.sourceOf(target.supervisor.template.name);
      if (target.kind === "template") return { ...toDocument(target.supervisor.template), source };
      return toProcessDocument(target.supervisor, target.process, source);
    })
    .put("/processes/:id", ({ request, params }) => replaceTemplate(manager, request, params.id), { parse: "none" })
    .post("/processes/:id", ({ request, params }) => replaceTemplate(manager, request, params.id), { parse: "none" })
    .delete("/processes/:id", async ({ request, params }) => {
      const target = findTarget(manager, params.id);
      keepOpen(request);
      const { name } = target.supervisor.template;
      await onBehalfOf("http", () => {
        return target.kind === "template" ? manager.delete(name) : manager.stopProcess(target.process.id);
      });
      return await okWhenSaved(manager, [name]);
    })
    .get("/processes/:id/_pids", ({ params }) => ({
      ok: true,
      pids: findTemplate(manager, params.id).processes.map(({ id }) => id),
    }));
}

function listProcesses(manager: Manager, query: URLSearchParams) {
  const running = listParameters.running.read(query);
  const isIni = listParameters.format.read(query) === "ini";
  if (!listParameters.detail.read(query) && !isIni)
    return running ? manager.runningIds() : answerNames(manager.names());
  const supervisors = manager.names().map((name) => manager.get(name));
  const chosen = running ? supervisors.filter(({ processes }) => processes.length > 0) : supervisors;
  if (isIni) return exportTemplates(chosen);
  // All rows are of the same moment, and only their encoding is done in slices.
  const rows = chosen.map((supervisor) => readDetail(supervisor, manager.kept.sourceOf(supervisor.template.name)));
  return longJsonAnswer(rows.values().map((toDetailDocument) => toDetailDocument()));
}

/** One answer per array: encoding a thousand names takes longer than the rest of the request. */
const answers = new EncodingCache<readonly string[], TextAnswer>();

function answerNames(names: readonly string[]): TextAnswer {
  return answers.get(names, () => jsonAnswer(names));
}

/** The default of `cwd` is the daemon's working directory: a body has no folder of its own, unlike an INI file. */
async function createTemplate(manager: Manager, request: Request) {
  const body = await readObject(request);
  const template = await whenTimeIsLeft(() => parseTemplate(body, { defaultCwd: process.cwd() }));
  keepOpen(request);
  await loadAccounts(template.uid, template.gid);
  const pids = await whenTimeIsLeft(() => manager.launch(template, { source: "http" }));
  return { ...(await okWhenSaved(manager, [template.name])), pids };
}

/** Settings that the body does not set get their defaults: a PUT replaces the settings and does not merge them. */
async function replaceTemplate(manager: Manager, request: Request, id: string) {
  const { name } = findTemplate(manager, id).template;
  const body = await readObject(request);
  const template = await whenTimeIsLeft(() => parseTemplate(body, { defaultCwd: process.cwd(), name }));
  keepOpen(request);
  await loadAccounts(template.uid, template.gid);
  await onBehalfOf("http", () => manager.update(name, template));
  return await okWhenSaved(manager, [name]);
}
