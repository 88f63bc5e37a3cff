import fc from "fast-check";
import { startFuzzedDaemon } from "./fuzzed-daemon.ts";
import type { FuzzTarget } from "./target.ts";
import { oddNumber, oddText } from "./text.ts";

const patternParts = fc.constantFrom(..."()[]{}|*+?^$.\\a1,-: é", "\\d", "(?i)", "(?:", "{2,", "[^", "\\pL", "x{9}");
const pattern = fc.array(patternParts, { maxLength: 12 }).map((parts) => parts.join(""));
const value = (...known: readonly string[]) =>
  fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...known) }, { weight: 1, arbitrary: oddText }, oddNumber);

/** Any query of `/logs` gets lines that were written, or an error document. */
export const logQueries: FuzzTarget = {
  name: "log-queries",
  inputs: 300,
  async start() {
    const daemon = await startFuzzedDaemon();
    const written = new Set(Array.from({ length: 200 }, (_, at) => `${at + 1}`));
    const ids = Buffer.from((await daemon.ask({ method: "GET", path: "/logs/g:done?format=json" })).body)
      .toString()
      .split("\n")
      .flatMap((line) => /"id":"([^"]+)"/.exec(line)?.[1] ?? []);
    const place = value("5m", "0", "2026-01-01T00:00:00Z", ...ids.slice(0, 20));
    const parameters = fc.record(
      {
        since: place,
        until: place,
        limit: value("1", "0", "1000"),
        grep: fc.oneof(pattern, value("1", "")),
        regex: value("true", "false"),
        ignore_case: value("true", "1"),
        pid: value("1", "2"),
        label: value("stdout", "stderr"),
        order: value("oldest", "newest"),
        format: value("text", "json"),
        lease: oddText,
      },
      { requiredKeys: [] },
    );
    const target = fc.constantFrom(
      "/logs",
      "/logs/g:done",
      "/logs/g:done/stdout",
      "/logs/live",
      "/logs/none",
      "/logs/..%2f",
    );
    const property = fc.asyncProperty(target, parameters, async (path, query) => {
      const answer = await daemon.ask({ method: "GET", path: `${path}?${new URLSearchParams(query)}` });
      if (answer.status !== 200) return;
      for (const line of Buffer.from(answer.body).toString().split("\n")) {
        const text = line.startsWith("{") ? (JSON.parse(line) as { data?: string }).data : line;
        if (text !== undefined && text !== "" && !written.has(text))
          throw new Error(`a line that was never written: ${line}`);
      }
    });
    return { property, settle: () => daemon.settle(), [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose]() };
  },
};
