import { expect, setDefaultTimeout, test } from "bun:test";
import { createClient, type LogEntry } from "gafferd/client";
import { startCutter } from "../http/feed/cutter.ts";
import { useServing } from "../http/serving.ts";
import { waitFor } from "../wait-for.ts";

// The machine may be busy.
setDefaultTimeout(60_000);

const host = useServing();
const keep = { output_keep: "64m" };
const textsOf = (entries: readonly LogEntry[]) =>
  entries.map((entry) => (entry.type === "line" ? entry.text : entry.reason));

test("`logs` returns the lines that match, and continues after the id of one", async () => {
  const pid = await host.run("seq 20; echo é >&2", keep);
  await waitFor(() => host.serving.process(pid).outputEnded, "the end of the output");
  const client = createClient(host.serving.url);
  const all = await Array.fromAsync(client.logs(host.lastName));
  expect(textsOf(all).toSorted()).toEqual([...Array.from({ length: 20 }, (_, at) => `${at + 1}`), "é"].toSorted());
  expect(all.find((entry) => entry.type === "line" && entry.text === "é")).toMatchObject({
    pid,
    label: "err",
    name: host.lastName,
  });
  expect(textsOf(await Array.fromAsync(client.logs(host.lastName, { grep: "^1.$", regex: true, limit: 2 })))).toEqual([
    "18",
    "19",
  ]);
  expect(
    textsOf(await Array.fromAsync(client.logs(host.lastName, { label: "out", order: "newest", limit: 2 }))),
  ).toEqual(["20", "19"]);
  const seven = all.find((entry) => entry.type === "line" && entry.text === "7")?.id ?? "";
  expect(textsOf(await Array.fromAsync(client.logs(host.lastName, { since: seven, limit: 2 })))).toEqual(["8", "9"]);
});

test("`logs` with `follow` reconnects, and gets every line once", async () => {
  await host.run("for n in $(seq 100); do echo $n; sleep 0.005; done; sleep 60", keep);
  await using cutter = await startCutter(
    host.serving.url,
    Array.from({ length: 3 }, (_, at) => ({ afterBytes: 4000, reset: at % 2 === 0 })),
  );
  const entries: LogEntry[] = [];
  for await (const entry of createClient(cutter.url).logs(host.lastName, { follow: true })) {
    entries.push(entry);
    if (entries.length === 100) break;
  }
  expect(textsOf(entries)).toEqual(Array.from({ length: 100 }, (_, at) => `${at + 1}`));
});

test("`logs` of a template without `output_keep` rejects, and says what to set", async () => {
  await host.run("sleep 60");
  const logs = createClient(host.serving.url).logs(host.lastName);
  await expect(logs.next()).rejects.toMatchObject({
    code: "not_found",
    message: expect.stringContaining("output_keep"),
  });
});
