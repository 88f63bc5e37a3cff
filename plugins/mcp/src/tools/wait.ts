import { z } from "zod";
import { maxBytes, pidOf, runIdOf, target, waitSeconds } from "../arguments.ts";
import { readHeld } from "../held-output.ts";
import { OutputText } from "../render-output.ts";
import { defineTool, type ToolContext } from "../tool.ts";
import { renderRun } from "./run.ts";
import type { RunDocument } from "../describe.ts";
import { status } from "./inspect.ts";

/** How often the state of a template or process is looked at. */
const pollMs = 100;

export const wait = defineTool({
  name: "wait",
  description:
    "Wait until a run or process has ended, a template runs or is stopped, or a text appears in the output. Says so if the time is over first.",
  isReadOnly: true,
  input: {
    target,
    until: z.enum(["exit", "running", "stopped", "output"]).default("exit"),
    text: z.string().min(1).optional().describe("with until=output: literal text"),
    since: z.string().optional().describe("with until=output: next of an earlier answer"),
    timeout: waitSeconds(30),
    max_bytes: maxBytes,
  },
  async call({ target: text, until, text: wanted, since, timeout, max_bytes: most }, context) {
    const { api, signal } = context;
    const deadlineMs = performance.now() + timeout * 1000;
    const id = runIdOf(text);
    if (until === "output") {
      if (wanted === undefined) throw new Error("until=output needs text");
      return await waitForText({ target: text, wanted, since, most, deadlineMs }, context);
    }
    if (id !== undefined) {
      const query = { wait: `${timeout}s`, max_bytes: most };
      const response = await api.send({ path: ["runs", id], query, signal });
      return await renderRun((await response.json()) as RunDocument, most, context);
    }
    const isReached = pidOf(text) === undefined ? templateCheck(text, until, context) : exitCheck(text, context);
    let wasReached = await isReached();
    while (!wasReached && performance.now() < deadlineMs && !signal.aborted) {
      await new Promise((resolve) => setTimeout(resolve, pollMs));
      wasReached = await isReached();
    }
    const now = await status.call({ target: text }, context);
    return wasReached ? now : `the time is over\n${now}`;
  },
});

function templateCheck(name: string, until: "exit" | "running" | "stopped", { api: { client } }: ToolContext) {
  return async () => {
    const { active, running, numprocesses, state } = await client.status(name);
    if (until === "running") return state === "running" && running >= numprocesses;
    return running === 0 && !active;
  };
}

function exitCheck(pid: string, context: ToolContext) {
  return async () => !/ is running$| running as pid /.test(await status.call({ target: pid }, context));
}

interface TextWait {
  readonly target: string;
  readonly wanted: string;
  readonly since: string | undefined;
  readonly most: number;
  readonly deadlineMs: number;
}

async function waitForText(
  { target: text, wanted, since, most, deadlineMs }: TextWait,
  { api, signal }: ToolContext,
): Promise<string> {
  const output = new OutputText(most);
  /** The end of each output before, because a line may come in several pieces. */
  const ends = new Map<string, string>();
  const state = { isFound: false, hasEnded: false };
  let next = since;
  while (!state.isFound && !state.hasEnded && performance.now() < deadlineMs && !signal.aborted) {
    const before = next;
    const waitMs = deadlineMs - performance.now();
    next = await readHeld(api, { target: text, since: next }, { waitMs, signal }, (piece) => {
      output.add(piece);
      const key = `${piece.pid} ${piece.stream}`;
      const joined = (ends.get(key) ?? "") + (piece.data ?? "");
      state.isFound ||= joined.includes(wanted);
      ends.set(key, wanted.length > 1 ? joined.slice(1 - wanted.length) : "");
    });
    state.hasEnded = next === before;
  }
  const isOver = performance.now() >= deadlineMs;
  const head = state.isFound ? "found" : isOver ? "the time is over" : "the output has ended without it";
  return `${head}${next === undefined ? "" : `; next ${next}`}\n${output.toString()}`;
}
