import { afterEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { EventSource } from "eventsource";
import { waitFor } from "../../wait-for.ts";
import { startCutter } from "../feed/cutter.ts";
import { temporaryFolder } from "../listen/listening.ts";
import { useServing } from "../serving.ts";

const host = useServing();
const fixture = (name: string) => join(import.meta.dir, "../../fixtures", name);

/** Runs a third-party program and returns its output. Fails if the program fails. */
async function outputOf(...cmd: string[]): Promise<string> {
  const child = Bun.spawn(cmd, { stderr: "pipe" });
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  expect([await child.exited, err]).toEqual([0, ""]);
  return out;
}

describe("the npm package `eventsource`", () => {
  const sources: EventSource[] = [];

  afterEach(() => {
    for (const source of sources.splice(0)) source.close();
  });

  /** Follows a stream and reconnects as soon as it is cut. */
  function follow(url: string) {
    const seen: { readonly event: string; readonly data: string }[] = [];
    const codes: (number | undefined)[] = [];
    const source = new EventSource(url, {
      async fetch(address, init) {
        const response = await fetch(address, init as RequestInit);
        const start = new TransformStream<Uint8Array, Uint8Array>({
          start: (controller) => controller.enqueue(Buffer.from("retry: 10\n\n")),
        });
        return new Response(response.body?.pipeThrough(start) ?? null, response);
      },
    });
    sources.push(source);
    for (const event of ["out", "exit", "gap", "spawn"]) {
      source.addEventListener(event, ({ data }) => seen.push({ event, data }));
    }
    source.addEventListener("error", ({ code }) => codes.push(code));
    return { source, seen, codes };
  }

  test("resumes after each cut without missing or repeating a line, and stops at 204", async () => {
    const cuts = [2000, 1, 700, 300, 1234, 5000].map((afterBytes, index) => ({ afterBytes, reset: index % 2 > 0 }));
    await using cutter = await startCutter(host.serving.url, cuts);
    const id = await host.run("for i in $(seq 1 400); do echo line $i; case $i in *0) sleep 0.01;; esac; done");
    const { source, seen, codes } = follow(`${cutter.url}/streams/${id}/out?feed=eventsource`);
    await waitFor(() => source.readyState === EventSource.CLOSED, "the end");
    const lines = seen.filter(({ event }) => event === "out").map(({ data }) => data);
    expect(lines.join("\n")).toBe(Array.from({ length: 400 }, (_, index) => `line ${index + 1}`).join("\n"));
    expect(seen.at(-1)).toEqual({ event: "exit", data: `{"pid":${id},"exit_status":0,"term_signal":null}` });
    expect(seen.filter(({ event }) => event !== "out")).toHaveLength(1);
    expect(codes.at(-1)).toBe(204);
    expect(cutter.cutCount).toBeGreaterThan(3);
  });

  test("receives a gap event for output lost while it was disconnected", async () => {
    await using cutter = await startCutter(host.serving.url);
    const flood = `head -c 9000 /dev/zero | tr "\\0" x; echo; echo last`;
    const id = await host.run(`trap '${flood}' USR1; echo first; while :; do sleep 0.02; done`, {
      output_buffer: 4096,
    });
    const { seen } = follow(`${cutter.url}/streams/${id}/out?feed=eventsource`);
    await waitFor(() => seen.length === 1, "the first line");
    cutter.upstream = undefined;
    cutter.cutAll();
    host.serving.process(id).signal(10);
    const to = 6 + 9000 + 1 + 5;
    await waitFor(() => host.serving.process(id).rings.get("out")?.head === to, "the flood");
    cutter.upstream = host.serving.url;
    await waitFor(() => seen.at(-1)?.data.endsWith("last"), "the rest");
    const from = 6;
    expect(JSON.parse(seen[1]?.data ?? "")).toEqual({
      pid: id,
      stream: "out",
      bytes: to - 4096 - from,
      from,
      to: to - 4096,
    });
    expect(seen.map(({ event }) => event).slice(0, 3)).toEqual(["out", "gap", "out"]);
  });

  test("follows a template through a restart", async () => {
    await host.run("echo hello; exec sleep 60");
    const { seen } = follow(`${host.serving.url}/streams/${host.lastName}?feed=eventsource`);
    await waitFor(() => seen.length === 1, "the first line");
    await host.serving.daemon.manager.restart(host.lastName, { spawnFirst: false });
    await waitFor(() => seen.length === 4, "the line of the next process");
    expect(seen.map(({ event }) => event)).toEqual(["out", "exit", "spawn", "out"]);
  });

  test("watches events", async () => {
    const source = new EventSource(`${host.serving.url}/watch/spawn?feed=eventsource`);
    sources.push(source);
    const names: string[] = [];
    source.addEventListener("spawn", ({ data }) => names.push(JSON.parse(data).name));
    await waitFor(() => source.readyState === EventSource.OPEN, "the connection");
    await host.run("true");
    await waitFor(() => names.length > 0, "the event");
    expect(names).toEqual([host.lastName]);
  });
});

describe("Python's http.client", () => {
  test("writes to a process, with `Content-Length` and in chunks, and reads chunks on the same connection", async () => {
    const id = await host.run("cat; sleep 0.2; echo end", { redirect_input: true });
    const { host: address } = new URL(host.serving.url);
    const printed = await outputOf("python3", fixture("http-client.py"), address, String(id));
    expect(JSON.parse(printed)).toEqual({
      said: [
        [200, { ok: true, bytes: 4, taken: 4 }],
        [200, { ok: true, bytes: 4, taken: 8 }],
      ],
      chunked: true,
      output: "one\ntwo\nend\n",
    });
  });
});

describe("curl", () => {
  test("polls a process until its end with X-Gaffer-Next without missing output", async () => {
    using folder = temporaryFolder();
    const id = await host.run("for i in $(seq 1 30); do seq 1 200; printf no; sleep 0.01; echo end; done");
    const url = `${host.serving.url}/streams/${id}/out`;
    const printed = await outputOf(fixture("longpoll.sh"), url, join(folder.path, "headers"));
    const round = `${Array.from({ length: 200 }, (_, index) => index + 1).join("\n")}\nnoend\n`;
    expect(printed).toBe(round.repeat(30));
  });

  test("sends its stdin to a process as it arrives, and reads the output", async () => {
    const id = await host.run("cat", { redirect_input: true });
    const path = `${host.serving.url}/streams/${id}`;
    const upload = Bun.spawn(["curl", "-sS", "-T", "-", "-X", "POST", `${path}/stdin?eof=true`], { stdin: "pipe" });
    const download = outputOf("curl", "-sSN", `${path}/out?feed=continuous`);
    for (const word of ["one\n", "two\n"]) {
      upload.stdin.write(word);
      await upload.stdin.flush();
    }
    await upload.stdin.end();
    expect(JSON.parse(await upload.stdout.text())).toEqual({ ok: true, bytes: 8, taken: 8 });
    expect(await download).toBe("one\ntwo\n");
  });
});
