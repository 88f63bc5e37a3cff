import { Elysia } from "elysia";
import type { Manager } from "../../manager/manager.ts";
import { processSource, templateSource } from "../../reading/output-source.ts";
import { parseWhole } from "../operation/query.ts";
import { findReadable } from "../operation/target.ts";
import type { OutputAnswers, ReadOutput } from "./output-answers.ts";

export interface StreamRoutesOptions {
  readonly manager: Manager;
  readonly outputs: OutputAnswers;
}

/** `/streams`: output of processes and templates. */
export function streamRoutes({ manager, outputs }: StreamRoutesOptions) {
  return new Elysia({ name: "streams" })
    .get("/streams/:target", ({ request, params: { target } }) => outputs.answer(request, { ...find(target), target }))
    .get("/streams/:target/:label", ({ request, params: { target, label } }) =>
      outputs.answer(request, { ...find(target), target, label }),
    );

  function find(target: string): Pick<ReadOutput, "source" | "template"> {
    if (/^\d+$/.test(target)) {
      const { supervisor, process } = manager.findProcess(parseWhole(target, "pid"));
      return { source: processSource(supervisor, process), template: process.template };
    }
    const supervisor = findReadable(manager, target);
    return { source: templateSource(supervisor), template: supervisor.template };
  }
}
