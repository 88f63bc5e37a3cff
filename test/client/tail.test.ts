import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createClient, type TailItem } from "gafferd/client";
import { createFolder, startGafferd } from "../cli/running.ts";
import { useServing } from "../http/serving.ts";
import { lockstep } from "../supervisor/lockstep.ts";
import { waitFor } from "../wait-for.ts";
import { startCutter } from "../http/feed/cutter.ts";

const host = useServing();

const noReaders = () => waitFor(() => host.serving.cursorCount() === 0, "the end of all readers");
const ended = (pid: number) => waitFor(() => host.serving.process(pid).outputEnded, `the end of process ${pid}`);

function textOf(items: readonly TailItem[], label: string): string {
  return items.map((item) => (item.type === "output" && item.label === label ? item.text : "")).join("");
}

/** Like `fetch`, but the server sends a reconnection delay of 0. */
async function fetchHastily(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  const start = new TransformStream<Uint8Array, Uint8Array>({
    start: (controller) => controller.enqueue(Buffer.from("retry: 1\n\n")),
  });
  return new Response(response.body?.pipeThrough(start) ?? null, response);
}

/** Items without the members that differ in each run. */
function brief(items: readonly TailItem[]): unknown[] {
  return items.map((item) => {
    const { id: _, ...rest } = item;
    if (rest.type !== "output") return rest;
    const { time: _time, ...output } = rest;
    return output;
  });
}

describe("a tail", () => {
  test("of a process has its output and its exit, then ends", async () => {
    const pid = await host.run("printf 'caf\\303\\251\\r\\nno end'; echo bad >&2; exit 3");
    const items = await Array.fromAsync(createClient(host.serving.url).tail(pid));
    expect(textOf(items, "out")).toBe("café\r\nno end");
    expect(textOf(items, "err")).toBe("bad\n");
    expect(brief(items).at(-1)).toEqual({ type: "exit", pid, exit_status: 3, term_signal: null });
    const [first] = items;
    expect(Math.abs(Date.parse(first?.type === "output" ? first.time : "") - Date.now())).toBeLessThan(10_000);
  });

  test("of one label has no output of others", async () => {
    const pid = await host.run("echo a; echo b >&2");
    const items = await Array.fromAsync(createClient(host.serving.url).tail(pid, { label: "err" }));
    expect(brief(items)).toEqual([
      { type: "output", pid, label: "err", text: "b\n" },
      { type: "exit", pid, exit_status: 0, term_signal: null },
    ]);
  });

  test("has the output of labels that are also names of events", async () => {
    const pid = await host.run("echo 1; echo 2 >&2", { redirect_output: ["error", "message"] });
    const items = await Array.fromAsync(createClient(host.serving.url).tail(pid));
    expect([textOf(items, "error"), textOf(items, "message")]).toEqual(["1\n", "2\n"]);
    expect(items.filter(({ type }) => type !== "output").map(({ type }) => type)).toEqual(["exit"]);
  });

  test("of a template continues across restarts and ends when the template is deleted", async () => {
    const first = await host.run("echo hello; exec sleep 60");
    const name = host.lastName;
    const items: TailItem[] = [];
    for await (const item of createClient(host.serving.url).tail(name)) {
      items.push(item);
      if (items.length === 1) await host.serving.daemon.manager.restart(name, { spawnFirst: false });
      if (items.length === 4) void host.serving.daemon.manager.delete(name);
    }
    const second = first + 1;
    expect(brief(items)).toEqual([
      { type: "output", pid: first, label: "out", text: "hello\n" },
      { type: "exit", pid: first, exit_status: null, term_signal: "SIGTERM" },
      { type: "spawn", pid: second, os_pid: expect.any(Number) },
      { type: "output", pid: second, label: "out", text: "hello\n" },
      { type: "exit", pid: second, exit_status: null, term_signal: "SIGTERM" },
    ]);
  });

  test("begins at a number of lines, an age, a time or an id", async () => {
    const pid = await host.run("echo a; sleep 0.3; echo b; echo c; sleep 60");
    await waitFor(() => host.serving.process(pid).rings.get("out")?.head === 6, "the lines");
    const client = createClient(host.serving.url);
    const firstOf = async (options: Parameters<typeof client.tail>[1]) => {
      for await (const item of client.tail(pid, options)) return item;
      return undefined;
    };
    const a = await firstOf({});
    expect(a).toMatchObject({ text: "a\n" });
    expect(await firstOf({ tail: 1 })).toMatchObject({ text: "c\n" });
    expect(await firstOf({ since: "10m" })).toMatchObject({ text: "a\n" });
    const between = new Date((host.serving.process(pid).rings.get("out")?.arrivals.unixMsAt(2) ?? 0) - 50);
    expect(await firstOf({ since: between })).toMatchObject({ text: "b\nc\n" });
    expect(await firstOf({ since: a?.id ?? "" })).toMatchObject({ text: "b\nc\n" });
  });

  test("reports lost bytes as a gap", async () => {
    const pid = await host.run("echo first; read go; head -c 9000 /dev/zero | tr '\\0' x; echo; echo last", {
      redirect_input: true,
      output_buffer: 4096,
    });
    const client = createClient(host.serving.url);
    let firstId = "";
    for await (const item of client.tail(pid, { label: "out" })) {
      firstId = item.id;
      break;
    }
    await lockstep(host.serving.process(pid), 1);
    await ended(pid);
    const [gap, ...rest] = await Array.fromAsync(client.tail(pid, { label: "out", since: firstId }));
    const to = (host.serving.process(pid).rings.get("out")?.head ?? 0) - 4096;
    expect(brief(gap ? [gap] : [])).toEqual([{ type: "gap", pid, label: "out", bytes: to - 6, from: 6, to }]);
    expect(textOf(rest, "out")).toEndWith("x\nlast\n");
  });

  test("that is lossless gets every byte, because the process waits for a slow loop", async () => {
    const pid = await host.run("sleep 0.1; seq 1 100000", { output_buffer: 8192 });
    const items: TailItem[] = [];
    for await (const item of createClient(host.serving.url).tail(pid, { lossless: true })) {
      items.push(item);
      if (items.length % 20 === 0) await Bun.sleep(1);
    }
    expect(textOf(items, "out")).toBe(Array.from({ length: 100_000 }, (_, index) => `${index + 1}\n`).join(""));
  });

  test.each([
    ["999999", {}, "not_found", undefined],
    ["nobody", {}, "not_found", undefined],
    ["NAME", { label: "nothing" }, "io_not_found", undefined],
    ["NAME", { since: "yesterday" }, "bad_value", "since"],
    ["NAME", { tail: -1 }, "bad_value", "tail"],
  ])("of an unknown target rejects: %s %j is %s", async (target, options, code, field) => {
    await host.run("sleep 60");
    const items = createClient(host.serving.url).tail(target.replace("NAME", host.lastName), options);
    expect(await items.next().catch((error: unknown) => error)).toMatchObject({
      name: "GafferdClientError",
      code,
      field,
    });
    expect(await items.next()).toEqual({ done: true, value: undefined });
  });
});

describe("leaving", () => {
  test("a loop closes the connection, also 50 at a time", async () => {
    const pid = await host.run("echo hello; exec sleep 600");
    const client = createClient(host.serving.url);
    const comeAndGo = async () => {
      for await (const item of client.tail(pid)) {
        expect(item).toMatchObject({ text: "hello\n" });
        break;
      }
    };
    await Promise.all(Array.from({ length: 50 }, comeAndGo));
    await noReaders();
  });

  test("by an exception closes the connection", async () => {
    const pid = await host.run("echo hello; exec sleep 600");
    const fail = async () => {
      for await (const item of createClient(host.serving.url).tail(pid)) throw new Error(item.type);
    };
    expect(await fail().catch(String)).toBe("Error: output");
    await noReaders();
  });

  test("while it waits for the next item ends it at once", async () => {
    const pid = await host.run("exec sleep 600");
    const items = createClient(host.serving.url).tail(pid);
    const waiting = items.next();
    await waitFor(() => host.serving.cursorCount() > 0, "the reader");
    expect(await items.return?.()).toEqual({ done: true, value: undefined });
    expect(await waiting).toEqual({ done: true, value: undefined });
    await noReaders();
  });

  test("by its signal rejects with the signal's reason", async () => {
    const pid = await host.run("exec sleep 600");
    const controller = new AbortController();
    const items = createClient(host.serving.url).tail(pid, { signal: controller.signal });
    const waiting = items.next().catch((error: unknown) => error);
    await waitFor(() => host.serving.cursorCount() > 0, "the reader");
    controller.abort(new Error("enough"));
    expect(await waiting).toEqual(new Error("enough"));
    expect(await items.next()).toEqual({ done: true, value: undefined });
    await noReaders();
  });

  test("before the start sends no request", async () => {
    const fetched: string[] = [];
    const fetch = async (url: string) => {
      fetched.push(url);
      return new Response(null, { status: 204 });
    };
    const client = createClient({ url: host.serving.url, fetch });
    const signal = AbortSignal.abort(new Error("never"));
    expect(await client.tail(1, { signal }).next().catch(String)).toBe("Error: never");
    const unused = client.tail(1);
    await unused.return?.();
    expect(await unused.next()).toEqual({ done: true, value: undefined });
    expect(fetched).toEqual([]);
  });
});

describe("when connections are lost", () => {
  /** Prints to both outputs for a third of a second, in pieces that end anywhere. */
  const script = `
    for i in $(seq 1 150); do
      echo "line $i of žluťoučký kůň 🐎"; printf "part $i " ; echo "error $i" >&2
      case $i in *0) sleep 0.02;; esac
    done`;
  const numbers = Array.from({ length: 150 }, (_, index) => index + 1);
  const printed = {
    out: numbers.map((number) => `line ${number} of žluťoučký kůň 🐎\npart ${number} `).join(""),
    err: numbers.map((number) => `error ${number}\n`).join(""),
  };

  test("anywhere, every byte comes exactly once", async () => {
    const cut = fc.record({ afterBytes: fc.nat({ max: 5000 }), reset: fc.boolean() });
    const settings = fc.tuple(fc.array(cut, { minLength: 5, maxLength: 25 }), fc.constantFrom("pid", "name"));
    await fc.assert(
      fc.asyncProperty(settings, async ([cuts, by]) => {
        await using cutter = await startCutter(host.serving.url, [{ afterBytes: 2000, reset: false }, ...cuts]);
        const pid = await host.run(script);
        const client = createClient({ url: cutter.url, fetch: fetchHastily });
        const items: TailItem[] = [];
        for await (const item of client.tail(by === "pid" ? pid : host.lastName)) {
          items.push(item);
          if (item.type === "exit") break;
        }
        expect(textOf(items, "out")).toBe(printed.out);
        expect(textOf(items, "err")).toBe(printed.err);
        expect(brief(items.filter(({ type }) => type !== "output"))).toEqual([
          { type: "exit", pid, exit_status: 0, term_signal: null },
        ]);
        expect(cutter.cutCount).toBeGreaterThan(3);
        await noReaders();
      }),
      { numRuns: 6 },
    );
  }, 90_000);

  test("because the daemon was restarted, there is a gap and the tail continues with the new output", async () => {
    const folder = createFolder();
    const ini = folder.write(
      "gaffer.ini",
      '[process:web]\ncmd = sh -c "echo hello; exec sleep 60"\nredirect_output = out\n',
    );
    const first = await startGafferd(["-c", ini]);
    await using cutter = await startCutter(first.url);
    const items = createClient(cutter.url).tail("web");
    const next = async () => brief([(await items.next()).value as TailItem])[0];
    expect(await next()).toEqual({ type: "output", pid: 1, label: "out", text: "hello\n" });
    cutter.upstream = undefined;
    const exit = next();
    await first[Symbol.asyncDispose]();
    expect(await exit).toEqual({ type: "exit", pid: 1, exit_status: null, term_signal: "SIGTERM" });
    const gap = next();
    await waitFor(() => cutter.connections > 2, "attempts to reconnect");
    await using second = await startGafferd(["-c", ini]);
    cutter.upstream = second.url;
    expect(await gap).toEqual({ type: "gap", bytes: null, from: null, to: null });
    expect(await next()).toEqual({ type: "output", pid: 1, label: "out", text: "hello\n" });
    await items.return?.();
    folder.remove();
  });

  test("a template that is deleted meanwhile is an error, because its last output is lost", async () => {
    await host.run("echo hello; exec sleep 60");
    await using cutter = await startCutter(host.serving.url);
    const items = createClient(cutter.url).tail(host.lastName);
    await items.next();
    cutter.upstream = undefined;
    cutter.cutAll();
    const next = items.next().catch((error: unknown) => error);
    await host.serving.daemon.manager.delete(host.lastName);
    cutter.upstream = host.serving.url;
    expect(await next).toMatchObject({ code: "not_found" });
  });
});
