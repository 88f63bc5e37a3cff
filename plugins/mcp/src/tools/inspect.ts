import { z } from "zod";
import { maxBytes, pidOf, runIdOf, target, targetOfRun } from "../arguments.ts";
import { BoundedText } from "../bounded-text.ts";
import { describeExit, describeRun, describeTemplate } from "../describe.ts";
import { findRun } from "../find-run.ts";
import { defineTool, type ToolContext } from "../tool.ts";

export const list = defineTool({
  name: "list",
  description: "List templates and runs with their state.",
  isReadOnly: true,
  input: {
    contains: z.string().optional().describe("only names with this text"),
    max_bytes: maxBytes,
  },
  async call({ contains = "", max_bytes: most }, context) {
    const [templates, runs] = await Promise.all([context.api.client.describe(), context.api.client.runs()]);
    const lines = [
      ...templates.map(describeTemplate),
      ...runs.map((run) => `${targetOfRun(run.id)}: ${describeRun(run)}`),
    ].filter((line) => line.includes(contains));
    const text = new BoundedText(most);
    text.add(lines.join("\n"));
    return lines.length === 0 ? "nothing" : text.toString();
  },
});

export const status = defineTool({
  name: "status",
  description: "Why something does not run, its pids, and how its last processes ended.",
  isReadOnly: true,
  input: { target },
  async call({ target: text }, context) {
    const id = runIdOf(text);
    if (id !== undefined) return `${text}: ${describeRun(await findRun(id, 0, context))}`;
    const pid = pidOf(text);
    if (pid !== undefined) return await statusOfProcess(pid, context);
    return await statusOfTemplate(text, context);
  },
});

async function statusOfTemplate(name: string, { api: { client } }: ToolContext): Promise<string> {
  const [state, pids, exits] = await Promise.all([client.status(name), client.pids(name), client.history(name)]);
  const { state: word, running, numprocesses, restarts, reason, next_retry_at: nextRetryAt } = state;
  return [
    `${name}: ${word}, ${running} of ${numprocesses} processes, ${restarts} restarts`,
    ...(reason === null ? [] : [`reason: ${reason}`]),
    ...(nextRetryAt === null ? [] : [`next try: ${nextRetryAt}`]),
    ...(pids.length === 0 ? [] : [`pids: ${pids.join(", ")}`]),
    ...exits.slice(-3).map((exit) => `pid ${exit.pid} ${describeExit(exit)} at ${exit.exited_at}`),
  ].join("\n");
}

async function statusOfProcess(pid: number, context: ToolContext): Promise<string> {
  const { client } = context.api;
  const run = (await client.runs()).find((each) => each.pid === pid);
  if (run !== undefined) return `pid ${pid} of ${targetOfRun(run.id)} ${describeRun(run)}`;
  const templates = await client.describe();
  const owner = templates.find(({ processes }) => processes.some((process) => process.pid === pid));
  if (owner !== undefined) return `pid ${pid} of ${owner.name} is running`;
  for (const { name, last_exit: lastExit } of templates) {
    if (lastExit === null) continue;
    const exit = (await client.history(name)).find((each) => each.pid === pid);
    if (exit !== undefined) return `pid ${pid} of ${name} ${describeExit(exit)} at ${exit.exited_at}`;
  }
  // The error says whether there ever was one.
  const { name } = await client.process(pid);
  return `pid ${pid} of ${name} is running`;
}
