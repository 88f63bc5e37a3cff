import { Elysia } from "elysia";
import { onBehalfOf } from "../../actor.ts";
import { GafferdError } from "../../errors.ts";
import type { Manager } from "../../manager/manager.ts";
import { templateSchema } from "../../template/properties.ts";
import { keepOpen } from "../listen/connection.ts";
import { parseWhole } from "../operation/query.ts";
import { okWhenSaved } from "./ok-when-saved.ts";
import { groupFlag } from "./group-flag.ts";
import { spawnFirst } from "./spawn-first.ts";
import { signalNumberOf } from "../operation/signal-number.ts";
import { findTarget, findTemplate } from "../operation/target.ts";

const maxProcesses = templateSchema.properties.numprocesses.anyOf[0].maximum ?? Infinity;

/** `POST /processes/:id/_<action>`. Each answers when its work is done: `_stop` answers when the processes have exited. */
export function actionRoutes(manager: Manager) {
  return new Elysia({ name: "actions" })
    .post("/processes/:id/_start", ({ request, params }) => start(request, params.id), { parse: "none" })
    .post("/processes/:id/_stop", ({ request, params }) => stop(request, params.id), { parse: "none" })
    .post("/processes/:id/_restart", ({ request, params }) => restart(request, params.id), { parse: "none" })
    .post("/processes/:id/_add", ({ request, params }) => scale(request, params.id, 1, "1"), { parse: "none" })
    .post("/processes/:id/_add/:n", ({ request, params }) => scale(request, params.id, 1, params.n), { parse: "none" })
    .post("/processes/:id/_sub", ({ request, params }) => scale(request, params.id, -1, "1"), { parse: "none" })
    .post("/processes/:id/_sub/:n", ({ request, params }) => scale(request, params.id, -1, params.n), { parse: "none" })
    .post("/processes/:id/_signal", ({ request, params }) => signal(request, params.id, undefined), { parse: "none" })
    .post("/processes/:id/_signal/:sig", ({ request, params }) => signal(request, params.id, params.sig), {
      parse: "none",
    });

  async function start(request: Request, id: string) {
    const supervisor = findTemplate(manager, id);
    keepOpen(request);
    await supervisor.prepare();
    manager.start(supervisor.template.name);
    await supervisor.filled();
    return await okWhenSaved(manager, [supervisor.template.name]);
  }

  async function stop(request: Request, id: string) {
    const target = findTarget(manager, id);
    keepOpen(request);
    await onBehalfOf("http", () => {
      if (target.kind === "template") return manager.stop(target.supervisor.template.name);
      return manager.stopProcess(target.process.id);
    });
    return await okWhenSaved(manager, [target.supervisor.template.name]);
  }

  async function restart(request: Request, id: string) {
    const options = { spawnFirst: spawnFirst.read(new URL(request.url).searchParams) };
    const { name } = findTemplate(manager, id).template;
    keepOpen(request);
    await onBehalfOf("http", () => manager.restart(name, options));
    return await okWhenSaved(manager, [name]);
  }

  async function scale(request: Request, id: string, direction: 1 | -1, amount: string) {
    const n = parseWhole(amount, "n");
    const supervisor = findTemplate(manager, id);
    const { numprocesses } = supervisor.status();
    if (direction === 1 && numprocesses + n > maxProcesses) {
      throw new GafferdError(
        "bad_value",
        `cannot add ${n} processes: a template can have at most ${maxProcesses}, and this one has ${numprocesses}; use a smaller \`n\``,
        {
          field: "n",
        },
      );
    }
    keepOpen(request);
    const { name } = supervisor.template;
    const wanted = await onBehalfOf("http", () => manager.scale(name, direction * n));
    return { ...(await okWhenSaved(manager, [name])), numprocesses: wanted };
  }

  async function signal(request: Request, id: string, text: string | undefined) {
    const target = findTarget(manager, id);
    if (text === undefined) {
      const advice = `name one, such as POST /processes/${encodeURIComponent(id)}/_signal/HUP`;
      throw new GafferdError(
        "no_signal_number",
        `cannot send a signal: the path contains no signal name or number; ${advice}`,
      );
    }
    const options = { group: groupFlag.read(new URL(request.url).searchParams) };
    const number = signalNumberOf(text);
    await onBehalfOf("http", () => {
      if (target.kind === "process") return manager.signal(target.process.id, number, options);
      return manager.signalAll(target.supervisor.template.name, number, options);
    });
    return { ok: true };
  }
}
