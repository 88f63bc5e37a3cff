import { randomUUID } from "node:crypto";
import { z } from "zod";
import { environment, maxBytes, runIdOf, targetOfRun, waitSeconds } from "../arguments.ts";
import { describeRun, type RunDocument, type RunOutput } from "../describe.ts";
import { findRun } from "../find-run.ts";
import { defineTool, type ToolContext } from "../tool.ts";

export const run = defineTool({
  name: "run",
  description:
    "Run a shell command once. Returns its exit and output; if it still runs after wait, use wait, read, write and stop with target run~ID. The same id and command never run twice.",
  input: {
    command: z.string().min(1).describe("for sh -c"),
    id: z.string().optional().describe("makes a retry safe; default: a new one"),
    cwd: z.string().optional().describe("absolute path"),
    env: environment,
    stdin: z.string().optional().describe("whole input; without it, use write"),
    timeout: z.number().positive().optional().describe("stop it after this many seconds"),
    wait: waitSeconds(30),
    max_bytes: maxBytes,
  },
  async call({ command, id = randomUUID(), cwd, env, stdin, timeout, wait, max_bytes: most }, { api, signal }) {
    const runId = runIdOf(id) ?? id;
    const stdio = stdin === undefined ? { redirect_input: true } : { stdin };
    const response = await api.send({
      method: "PUT",
      path: ["runs", runId],
      query: { wait: `${wait}s`, max_bytes: most },
      json: { cmd: command, shell: true, cwd, env, timeout, ...stdio },
      signal,
    });
    return await renderRun((await response.json()) as RunDocument, most, { api, signal });
  },
});

/** A run with its outputs, of which it shows at most `maxTotal` bytes. */
export async function renderRun(document: RunDocument, maxTotal: number, context: ToolContext): Promise<string> {
  const bytes = Object.values(document.output).reduce((sum, { data }) => sum + Buffer.byteLength(data), 0);
  const outputs = Object.keys(document.output).length;
  // The limit of gafferd is for each output.
  const isTooLong = outputs > 1 && bytes > maxTotal + markerBytes * outputs;
  const shown = isTooLong ? await findRun(document.id, Math.floor(maxTotal / outputs), context) : document;
  const texts = Object.entries(shown.output)
    .filter(([, { to }]) => to > 0)
    .map(([label, output]) => `[${label}: ${describeOutput(output)}]\n${output.data}`);
  const head = `${targetOfRun(shown.id)}: ${describeRun(shown)}`;
  return [head, ...(texts.length === 0 ? ["[no output]"] : texts)].join("\n");
}

/** More than gafferd's line `[omitted N bytes]` is long. */
const markerBytes = 64;

function describeOutput({ from, to, omitted, next }: RunOutput): string {
  const parts = [`${to} bytes`];
  if (from > 0) parts.push(`the first ${from} are lost`);
  if (omitted > 0) parts.push(`${omitted} omitted`);
  return `${parts.join(", ")}; next ${next}`;
}
