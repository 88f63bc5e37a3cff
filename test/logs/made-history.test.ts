import { expect, test } from "bun:test";
import fc from "fast-check";
import type { KeptOutput } from "../../src/journal/journal.ts";
import { silentLog } from "../supervisor/hosting.ts";
import { MadeHistory } from "./made-history.ts";
import { type FoundItem, type Search, searchOutputs } from "./searching.ts";

const rounds = Number(process.env["LOGS_ROUNDS"] ?? 150);

/** Writes, losses, ends, blocks and segments in any order. */
const steps = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant("write" as const),
        output: fc.nat(3),
        text: fc.oneof(
          fc.constantFrom("\n", "a\n", "ab", "b", "a\r\n", "Ab\n", "abc\nb\n", "é\n", "a\rb\n"),
          fc.nat(3000).map((length) => `${"x".repeat(length)}ab\n`),
        ),
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({ kind: fc.constant("block" as const), output: fc.nat(3), text: fc.constant("") }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant("rotate" as const), output: fc.nat(3), text: fc.constant("") }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("lose" as const), output: fc.nat(3), text: fc.constant("xxx") }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("end" as const), output: fc.nat(3), text: fc.constant("") }),
    },
  ),
  { maxLength: 60 },
);

function make(history: MadeHistory, list: readonly { kind: string; output: number; text: string }[]): void {
  history.addProcess(1, ["out", "err"]);
  history.addProcess(2, ["out", "err"]);
  for (const { kind, output, text } of list) {
    const hasEnded = history.outputs[output]?.hasEnded;
    if (kind === "block") history.block();
    else if (kind === "rotate") history.rotate();
    else if (kind === "lose") history.lose(output, text.length);
    else if (hasEnded) continue;
    else if (kind === "write") history.write(output, text);
    else history.end(output);
  }
}

const search = (kept: KeptOutput, query: Search) => searchOutputs([{ name: "web", kept }], query, silentLog);
const shown = (found: readonly FoundItem[]) =>
  found.map(({ processId, label, text, gap }) => `${processId} ${label} ${text ?? `gap ${gap}`}`);

test("any history of writes, losses, blocks and segments is found as a whole, in both directions, and from every id on", async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.nat(), async (list, pick) => {
      using history = new MadeHistory();
      make(history, list);
      const kept = await history.open();
      const expected = history.expected.map(({ output, text, gap }) => `${output} ${text ?? `gap ${gap}`}`);
      const found = await search(kept, { since: { kind: "time", unixMs: 0 } });
      expect(shown(found)).toEqual(expected);
      expect(shown(await search(kept, { order: "newest" }))).toEqual(expected.toReversed());
      expect(shown(await search(kept, {}))).toEqual(expected);
      const lines = expected.filter((each) => !each.includes(" gap "));
      const few = await search(kept, { limit: 3 });
      expect(shown(few).filter((each) => !each.includes(" gap "))).toEqual(lines.slice(-3));
      for (const [grep, ignoreCase, regex] of [
        ["ab", false, false],
        ["AB", true, false],
        ["^a.?b?$", false, true],
        ["b\\b", true, true],
      ] as const) {
        const pattern = regex ? new RegExp(grep, ignoreCase ? "is" : "s") : undefined;
        const matches = (text: string) =>
          pattern?.test(text) ?? (ignoreCase ? text.toLowerCase().includes(grep.toLowerCase()) : text.includes(grep));
        const wanted = history.expected
          .filter(({ text }) => text === undefined || matches(text))
          .map(({ output, text, gap }) => `${output} ${text ?? `gap ${gap}`}`);
        expect(shown(await search(kept, { grep, ignoreCase, regex }))).toEqual(wanted);
        expect(shown(await search(kept, { grep, ignoreCase, regex, order: "newest" }))).toEqual(wanted.toReversed());
      }
      const label = await search(kept, { label: "err" });
      expect(shown(label)).toEqual(expected.filter((each) => each.slice(2).startsWith("err")));
      if (found.length === 0) return;
      const at = pick % found.length;
      const { position } = found[at]!.item;
      const rest = await search(kept, { since: { kind: "position", position } });
      expect(shown(rest)).toEqual(expected.slice(at + 1));
      expect(rest.map(({ item }) => item.position)).toEqual(found.slice(at + 1).map(({ item }) => item.position));
    }),
    { numRuns: rounds, interruptAfterTimeLimit: 60_000 },
  );
}, 120_000);
