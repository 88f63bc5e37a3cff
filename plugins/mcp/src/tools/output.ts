import { z } from "zod";
import { maxBytes, target, targetOfRun } from "../arguments.ts";
import { BoundedText } from "../bounded-text.ts";
import { type OutputPiece, readHeld } from "../held-output.ts";
import { OutputText } from "../render-output.ts";
import { defineTool } from "../tool.ts";

const since = z.string().optional().describe("next of an earlier answer, or an age such as 5m");

export const read = defineTool({
  name: "read",
  description:
    "Read output that gafferd holds, also of a process that has ended: head and tail. Pass next as since to read only what is new.",
  isReadOnly: true,
  input: {
    target,
    output: z.string().optional().describe("stdout or stderr; default: both"),
    since,
    tail: z.number().int().min(0).optional().describe("only so many last lines"),
    max_bytes: maxBytes,
  },
  async call({ target: text, output: label, since: from, tail, max_bytes: most }, { api, signal }) {
    const output = new OutputText(most);
    const take = (piece: OutputPiece) => output.add(piece);
    const next = await readHeld(api, { target: text, label, since: from, tail }, { signal }, take);
    return `[${output.bytes} bytes${next === undefined ? "" : `; next ${next}`}]\n${output.toString()}`;
  },
});

const longestLine = 500;

export const search = defineTool({
  name: "search",
  description: "Find lines with a text in the output that gafferd holds, newest last.",
  isReadOnly: true,
  input: {
    text: z.string().min(1).describe("literal text, no pattern"),
    target: target.optional().describe("default: all templates and runs"),
    ignore_case: z.boolean().default(false),
    since,
    limit: z.number().int().min(1).max(1000).default(50).describe("most lines: the newest"),
    max_bytes: maxBytes,
  },
  async call({ text, target: only, ignore_case: ignoreCase, since: from, limit, max_bytes: most }, { api, signal }) {
    const fold = (line: string) => (ignoreCase ? line.toLowerCase() : line);
    const wanted = fold(text);
    const found: { readonly time: string; readonly line: string }[] = [];
    let count = 0;
    for (const each of only === undefined ? await allTargets() : [only]) {
      await readHeld(api, { target: each, since: from }, { signal }, ({ name, pid, stream, time = "", data }) => {
        for (const line of data?.split("\n") ?? []) {
          if (!fold(line).includes(wanted)) continue;
          count += 1;
          found.push({ time, line: `${time} ${name}[${pid}] ${stream}: ${line.slice(0, longestLine)}` });
        }
        if (found.length > 2 * limit) keepNewest();
      }).catch((error: unknown) => {
        // It may have been deleted meanwhile, or have no output.
        if (only !== undefined) throw error;
      });
    }
    keepNewest();
    const shown = new BoundedText(most);
    shown.add(found.map(({ line }) => line).join("\n"));
    return count === 0 ? "no line has it" : `${count} lines, ${found.length} shown\n${shown.toString()}`;

    function keepNewest(): void {
      found.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
      found.splice(0, Math.max(0, found.length - limit));
    }

    async function allTargets(): Promise<string[]> {
      const ids = (await api.client.runs()).filter(({ pid }) => pid !== null);
      return [...(await api.client.processes()), ...ids.map(({ id }) => targetOfRun(id))];
    }
  },
});
