import { z } from "zod";
import { environment, pidOf, runIdOf, target } from "../arguments.ts";
import { defineTool } from "../tool.ts";

const name = z.string().min(1).describe("name of the template");

export const start = defineTool({
  name: "start",
  description: "Start a template that is stopped; or with command, create one that gafferd keeps running (a server).",
  isIdempotent: true,
  input: {
    name,
    command: z.string().min(1).optional().describe("for sh -c; creates the template"),
    cwd: z.string().optional().describe("absolute path"),
    env: environment,
    processes: z.number().int().min(1).max(100).optional().describe("how many; default 1"),
  },
  async call({ name: template, command, cwd, env, processes }, { api: { client } }) {
    if (command === undefined) {
      if (cwd !== undefined || env !== undefined || processes !== undefined) {
        throw new Error("cwd, env and processes need command: they are settings of a new template");
      }
      await client.start(template);
      return `${template} is started, pids ${(await client.pids(template)).join(", ")}`;
    }
    const pids = await client.create({
      name: template,
      cmd: command,
      shell: true,
      redirect_input: true,
      cwd: cwd ?? null,
      env: env ?? {},
      numprocesses: processes ?? 1,
    });
    return `${template} is created, pids ${pids.join(", ")}`;
  },
});

export const stop = defineTool({
  name: "stop",
  description: "Stop a template, a run, or one process (which its template then replaces). Answers when it has ended.",
  isIdempotent: true,
  input: { target },
  async call({ target: text }, { api, signal }) {
    const id = runIdOf(text);
    if (id === undefined) await api.client.stop(pidOf(text) ?? text);
    else await api.send({ method: "POST", path: ["runs", id, "_stop"], query: { max_bytes: 0 }, signal });
    return `${text} has stopped`;
  },
});

export const restart = defineTool({
  name: "restart",
  description: "Replace the processes of a template, one at a time. Answers when the new ones run.",
  input: { name },
  async call({ name: template }, { api: { client } }) {
    await client.restart(template);
    return `${template} is restarted, pids ${(await client.pids(template)).join(", ")}`;
  },
});

export const write = defineTool({
  name: "write",
  description: "Write text to stdin. Add the newline yourself.",
  input: {
    target,
    text: z.string(),
    eof: z.boolean().default(false).describe("close stdin after it"),
    offset: z.number().int().min(0).optional().describe("taken of the write before: makes a retry safe"),
  },
  async call({ target: text, text: input, eof, offset }, { api: { client } }) {
    const process = pidOf(text) ?? text;
    await client.write(process, input, { eof, ...(offset !== undefined && { offset }) });
    const { taken } = await client.input(process);
    return `written; taken ${taken}`;
  },
});
