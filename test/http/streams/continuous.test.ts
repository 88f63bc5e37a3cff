import { describe, expect, test } from "bun:test";
import { lockstep } from "../../supervisor/lockstep.ts";
import { waitFor } from "../../wait-for.ts";
import { useServing } from "../serving.ts";
import { beginningOf } from "./beginning.ts";

const host = useServing();
const { run } = host;
const get = (path: string, init?: RequestInit) => fetch(`${host.serving.url}${path}`, init);
const textOf = async (path: string) => await (await get(path)).text();
const held = (id: number, label = "out") => host.serving.process(id).rings.get(label);
const ended = (id: number) => waitFor(() => host.serving.process(id).outputEnded, `the end of process ${id}`);
const reads = { redirect_input: true };

describe("feed=continuous", () => {
  test("sends every byte unchanged until the process ends", async () => {
    const bytes = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, index) => (index * 7 + (index >> 8)) & 255));
    const file = `/tmp/gafferd-test-${process.pid}-bytes`;
    await Bun.write(file, bytes);
    const id = await run(`sleep 0.05; cat ${file}`);
    const answer = await get(`/streams/${id}/out?feed=continuous`);
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
    await Bun.file(file).delete();
  });

  test("a reader that falls behind is disconnected without the end of its response, and the log says so", async () => {
    const id = await run("yes", { output_buffer: 65_536 });
    const answer = await get(`/streams/${id}/out?feed=continuous`);
    const reader = answer.body?.getReader();
    await reader?.read();
    await waitFor(
      () => host.serving.warnings.some((line) => line.includes(`disconnected a reader of /streams/${id}/out`)),
      "the warning",
      20_000,
    );
    const drain = async () => {
      for (;;) if ((await reader?.read())?.done) return "ended as if it were complete";
    };
    expect(await drain().catch(() => "broken")).toBe("broken");
  });

  test("bytes lost before the first byte are counted in `X-Gaffer-Gap`", async () => {
    const id = await run("head -c 9000 /dev/zero | tr '\\0' x", { output_buffer: 4096 });
    await ended(id);
    const early = beginningOf(host.serving, id, "out");
    const answer = await get(`/streams/${id}/out?feed=continuous&since=${early}`);
    expect(answer.headers.get("x-gaffer-gap")).toBe(String(9000 - 4096));
    expect((await answer.text()).length).toBe(4096);
    const foreign = await get(`/streams/${id}/out?feed=continuous&since=r1.1.1-0`);
    expect(foreign.headers.get("x-gaffer-gap")).toBe("unknown");
    await foreign.body?.cancel();
  });

  test("format=json sends one line of JSON per piece of output", async () => {
    const id = await run("echo a; read go; echo b", reads);
    await lockstep(host.serving.process(id), 1);
    await ended(id);
    const answer = await get(`/streams/${id}/out?feed=continuous&format=json`);
    expect(answer.headers.get("content-type")).toBe("application/x-ndjson");
    const lines = (await answer.text()).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line).data)).toEqual(["a\n", "b\n"]);
  });

  test.each(["eventsource", "continuous"])(
    "follow=until-exit ends the %s stream of a template when it has exited, stopped or cannot run, with all its output",
    async (feed) => {
      const path = () => `/streams/${host.lastName}?feed=${feed}&follow=until-exit`;
      await host.run("sleep 0.1; echo last; printf end");
      expect(await textOf(path())).toMatch(/last\n(.*\n)*(data: )?end/);
      await host.run("echo up; exec sleep 60");
      const stopped = textOf(path());
      await waitFor(() => host.serving.cursorCount() > 0, "the reader");
      await host.serving.daemon.manager.stop(host.lastName);
      expect(await stopped).toContain("up");
      const flapping = { attempts: 1, window: 60, retry_in: 1, max_retry: 0 };
      await host.run("echo up", { restart: "always", flapping });
      await waitFor(() => host.serving.daemon.manager.get(host.lastName).status().state === "fatal", "the state fatal");
      expect(await textOf(path())).toContain("up");
      await host.serving.create({ name: "never", cmd: "true", start: false });
      expect(await textOf("/streams/never?feed=continuous&follow=until-exit")).toBe("");
    },
  );

  test("follow=until-exit continues while a template runs; a reader that reconnects after the end gets 204", async () => {
    const id = await host.run("echo one; exec sleep 60", { restart: "always" });
    const path = `/streams/${host.lastName}?feed=eventsource&follow=until-exit`;
    const text = textOf(path);
    await waitFor(() => host.serving.cursorCount() > 0, "the reader");
    await host.serving.daemon.manager.stopProcess(id);
    const follower = () => host.serving.daemon.manager.get(host.lastName).processes.find((each) => each.id !== id);
    await waitFor(() => follower()?.rings.get("out")?.head === 4, "the output of the next process");
    await host.serving.daemon.manager.stop(host.lastName);
    const seen = await text;
    expect(seen.match(/data: one/g)).toHaveLength(2);
    const lastId =
      seen
        .match(/^id: (.*)$/gm)
        ?.at(-1)
        ?.slice(4) ?? "";
    const again = await fetch(`${host.serving.url}${path}`, { headers: { "last-event-id": lastId } });
    expect(again.status).toBe(204);
    expect((await fetch(`${host.serving.url}/streams/${host.lastName}?follow=until-exit&since=${lastId}`)).status).toBe(
      204,
    );
  });

  test("follow=false ends when all buffered output was sent, including an incomplete line", async () => {
    const id = await run("printf 'a\\nb'; sleep 60");
    await waitFor(() => held(id)?.head === 3, "the output");
    expect(await textOf(`/streams/${id}/out?feed=continuous&follow=false`)).toBe("a\nb");
  });
});
