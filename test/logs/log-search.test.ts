import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { findReader } from "../../src/http/streams/find-reader.ts";
import { formatStreamId } from "../../src/http/feed/stream-id.ts";
import { templateSource } from "../../src/reading/output-source.ts";
import { hostJournal } from "../journal/journal-host.ts";
import { readAll, readKept } from "../journal/reading.ts";
import { waitFor } from "../wait-for.ts";
import { search, textsOf } from "./searching.ts";

// The machine may be busy.
setDefaultTimeout(60_000);

type Host = ReturnType<typeof hostJournal>;

async function exitOf(host: Host, name = "web"): Promise<void> {
  const source = templateSource(host.manager.get(name));
  await waitFor(() => source.isAtRest, "the exit and the end of all output");
}

describe("a search", () => {
  test("returns the lines of all outputs in the order of completion, with and without their newline", async () => {
    await using host = hostJournal();
    host.create({ cmd: `sh -c 'echo one; sleep 0.05; echo two >&2; sleep 0.05; printf "three\\r\\n\\nlast"'` });
    await exitOf(host);
    expect(textsOf(await search(host))).toEqual(["one", "two", "three", "", "last"]);
    expect(textsOf(await search(host, { order: "newest" }))).toEqual(["last", "", "three", "two", "one"]);
    expect(textsOf(await search(host, { limit: 2 }))).toEqual(["", "last"]);
    expect(textsOf(await search(host, { label: "err" }))).toEqual(["two"]);
    expect(textsOf(await search(host, { grep: "t" }))).toEqual(["two", "three", "last"]);
    expect(textsOf(await search(host, { grep: "T", ignoreCase: true, limit: 2 }))).toEqual(["three", "last"]);
    expect(textsOf(await search(host, { grep: "^t.*e$", regex: true }))).toEqual(["three"]);
    expect(textsOf(await search(host, { processId: 2 }))).toEqual([]);
  });

  test("has the ids of `/streams`: a reader that continues there gets the next line", async () => {
    await using host = hostJournal();
    host.create({
      numprocesses: 2,
      cmd: `sh -c 'for n in $(seq 200); do echo "line $n"; echo "error $n" >&2; done; printf "no end"'`,
    });
    await exitOf(host);
    const found = await search(host);
    expect(found.length).toBe(802);
    const all = await readKept(host, { start: { kind: "held" }, most: Infinity });
    const lines = all.seen.flatMap((each) => ("text" in each ? each.text.replace(/\n$/, "").split("\n") : []));
    expect(textsOf(found)).toEqual(lines);
    for (const at of [0, 1, 5, 17, 100, 399, 400, 640, 799]) {
      const { position } = found[at]!.item;
      const rest = await readKept(host, { start: { kind: "resume", position } });
      const texts = rest.seen.flatMap((each) =>
        "text" in each ? each.text.replace(/\n$/, "").split("\n") : ["gap" in each ? "gap" : ""],
      );
      expect(texts.filter((text) => text !== "").join("\n")).toBe(lines.slice(at + 1).join("\n"));
      const again = await search(host, { since: { kind: "position", position } });
      expect(textsOf(again)).toEqual(lines.slice(at + 1));
      expect(again.map(({ item }) => formatStreamId(item.position))).toEqual(
        found.slice(at + 1).map(({ item }) => formatStreamId(item.position)),
      );
      const before = await search(host, { until: { kind: "position", position } });
      expect(textsOf(before)).toEqual(lines.slice(0, at + 1));
    }
  });
});

describe("each id is the one of a reader that has read as much", () => {
  test("of the template, of one label, and of one process", async () => {
    await using host = hostJournal();
    host.create({
      numprocesses: 2,
      cmd: `sh -c 'for n in $(seq 400); do echo "line $n"; printf "err"; echo "or $n" >&2; done; echo'`,
    });
    await exitOf(host);
    for (const label of [undefined, "out", "err"]) {
      const source = templateSource(host.manager.get("web"));
      const { journal, log } = host;
      const readerOptions = { unit: "lines" as const, byArrival: true, ...(label !== undefined && { label }) };
      const start = { kind: "held" as const };
      const reader = await findReader({ name: "web", source, start, readerOptions, journal, log });
      const { seen, positions } = await readAll(reader.open);
      const found = await search(host, { label });
      const own = found.map(({ item }) => formatStreamId({ ...item.position, spawnFloor: 0 }));
      const ofLines = positions.slice(1).filter((_, at) => "text" in seen[at]!);
      expect(ofLines.length).toBeGreaterThan(5);
      expect(
        ofLines.map((each) => formatStreamId({ ...each, spawnFloor: 0 })).filter((id) => !own.includes(id)),
      ).toEqual([]);
    }
  });
});
