import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { createClient, type LogEntry } from "gafferd/client";
import { createFolder, startGafferd } from "../cli/running.ts";
import { waitFor } from "../wait-for.ts";

// The machine may be busy.
setDefaultTimeout(60_000);

const folder = createFolder();
afterAll(() => folder.remove());

const config = folder.write(
  "gaffer.ini",
  `[gaffer]
state_dir = state
[process:web]
cmd = sh -c 'for n in $(seq 20); do echo line $n; done; printf "no end"; sleep 600'
output_keep = 64m
graceful_timeout = 100ms
`,
);

const shown = (entries: readonly LogEntry[]) =>
  entries.map((entry) => (entry.type === "gap" ? `gap: ${entry.reason}` : `${entry.text}${entry.partial ? "…" : ""}`));

test("a search finds the output of earlier runs of gafferd; after a kill, what may be missing is a gap", async () => {
  const once = Array.from({ length: 20 }, (_, at) => `line ${at + 1}`);
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    await using gafferd = await startGafferd([config]);
    const client = createClient(gafferd.url);
    const isWritten = async () => shown(await Array.fromAsync(client.logs("web", { limit: 1 })))[0] === "no end…";
    await waitFor(isWritten, "the output on disk", 20_000);
    gafferd.kill(signal);
    await gafferd.exited;
  }
  await using gafferd = await startGafferd([config]);
  const client = createClient(gafferd.url);
  const all = async () => await Array.fromAsync(client.logs("web"));
  await waitFor(
    async () => shown(await all()).filter((text) => text.startsWith("no end")).length === 3,
    "the output",
    20_000,
  );
  const entries = await all();
  // A process that is stopped ends its last line.
  expect(shown(entries)).toEqual([...once, "no end", ...once, "no end…", "gap: killed", ...once, "no end…"]);
  expect(new Set(entries.map(({ boot }) => boot)).size).toBe(3);
  expect(shown(await Array.fromAsync(client.logs("web", { order: "newest" })))).toEqual(shown(entries).toReversed());
  for (const at of [3, 20, 30, 41, 42, 50]) {
    const since = entries[at]?.id ?? "";
    expect([at, ...shown(await Array.fromAsync(client.logs("web", { since })))]).toEqual([
      at,
      ...shown(entries.slice(at + 1)),
    ]);
    // A stream reports the end of a run that was killed to every reader that was before it.
    if (entries[at]?.type === "gap") continue;
    const stream: string[] = [];
    for await (const item of client.tail("web", { since })) {
      if (item.type === "output") stream.push(item.text);
      if (item.type === "gap") stream.push("gap\n");
      if (
        item.type === "output" &&
        item.text.endsWith("no end") &&
        stream.join("").split("no end").length > lastLines(entries, at)
      )
        break;
    }
    const wanted = entries
      .slice(at + 1)
      .map((entry) =>
        entry.type === "gap" ? "gap\n" : entry.text.startsWith("no end") ? "no end" : `${entry.text}\n`,
      );
    expect([at, stream.join("")]).toEqual([at, wanted.join("")]);
  }
});

/** How many last lines follow. */
function lastLines(entries: readonly LogEntry[], at: number): number {
  return entries.slice(at + 1).filter((entry) => entry.type === "line" && entry.text.startsWith("no end")).length;
}
