import { z } from "zod";
import type { Api } from "../api.ts";
import { maxBytes, since, target, targetOfRun } from "../arguments.ts";
import { BoundedText } from "../bounded-text.ts";
import { type OutputPiece, readHeld } from "../held-output.ts";
import { defineTool, type ToolContext } from "../tool.ts";

const longestLine = 500;

export const search = defineTool({
  name: "search",
  description:
    "Find lines with a text in the output that gafferd holds, and has on disk for templates with output_keep. Newest last.",
  isReadOnly: true,
  input: {
    text: z.string().min(1).max(4096).describe("literal text, no pattern"),
    target: target.optional().describe("default: all templates and runs"),
    ignore_case: z.boolean().default(false),
    since,
    limit: z.number().int().min(1).max(1000).default(50).describe("most lines: the newest"),
    max_bytes: maxBytes,
  },
  async call({ target: only, limit, max_bytes: most, ...wanted }, context) {
    const found = new NewestLines(limit);
    const { kept, all } = await findTargets(context.api);
    for (const each of only === undefined ? all : [only]) {
      const find = kept.has(each) ? findOnDisk : findHeld;
      await find({ ...wanted, target: each, limit }, context, found).catch((error: unknown) => {
        // It may have been deleted meanwhile, or have no output.
        if (only !== undefined) throw error;
      });
    }
    const lines = found.end();
    if (lines.length === 0) return "no line has it";
    const text = new BoundedText(most);
    text.add(lines.join("\n"));
    return `${found.isWhole ? "" : "the newest "}${lines.length} lines\n${text.toString()}`;
  },
});

interface Search {
  readonly target: string;
  readonly text: string;
  readonly ignore_case: boolean;
  readonly since?: string | undefined;
  readonly limit: number;
}

/** All templates and runs, and those of which output is on disk. */
async function findTargets({ client }: Api) {
  const [templates, runs] = await Promise.all([client.describe(), client.runs()]);
  const names = templates.map(({ name }) => name);
  const held = runs.filter(({ pid }) => pid !== null).map(({ id }) => targetOfRun(id));
  const kept = templates.filter(({ output_keep: keep }) => keep).map(({ name }) => name);
  return { all: [...names, ...held], kept: new Set(kept) };
}

async function findOnDisk(wanted: Search, { api, signal }: ToolContext, found: NewestLines): Promise<void> {
  const { target: name, text: grep, ignore_case: ignoreCase, since: from, limit } = wanted;
  const query = { grep, ignore_case: ignoreCase, since: from, limit: limit + 1, order: "newest", format: "json" };
  const response = await api.send({ path: ["logs", name], query, signal });
  // One more line than wanted shows that there are more.
  for (const line of (await response.text()).split("\n").toReversed()) {
    if (line === "") continue;
    const piece = JSON.parse(line) as OutputPiece;
    // A gap has no data.
    if (piece.data !== undefined) found.add(piece, piece.data);
  }
}

async function findHeld(wanted: Search, { api, signal }: ToolContext, found: NewestLines): Promise<void> {
  const fold = (line: string) => (wanted.ignore_case ? line.toLowerCase() : line);
  const text = fold(wanted.text);
  await readHeld(api, wanted, { signal }, (piece) => {
    for (const line of piece.data?.split("\n") ?? []) if (fold(line).includes(text)) found.add(piece, line);
  });
}

/** The newest lines that were found, with where they come from. */
class NewestLines {
  readonly #limit: number;
  #lines: { readonly time: string; readonly text: string }[] = [];
  /** Whether no line was left out. */
  isWhole = true;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add({ time = "", name, pid, stream }: OutputPiece, line: string): void {
    this.#lines.push({ time, text: `${time} ${name}[${pid}] ${stream}: ${line.slice(0, longestLine)}` });
    if (this.#lines.length > 2 * this.#limit) this.#drop();
  }

  end(): string[] {
    this.#drop();
    return this.#lines.map(({ text }) => text);
  }

  #drop(): void {
    // Lines of the same time keep their order.
    this.#lines.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
    if (this.#lines.length > this.#limit) this.isWhole = false;
    this.#lines = this.#lines.slice(-this.#limit);
  }
}
