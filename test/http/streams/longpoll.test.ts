import { describe, expect, test } from "bun:test";
import { parseOutputQuery } from "../../../src/http/streams/output-query.ts";
import { answerLongpoll } from "../../../src/http/streams/longpoll.ts";
import { currentMoment } from "../../../src/moment.ts";
import type { OpenReader } from "../../../src/reading/output-items.ts";
import { OutputReader } from "../../../src/reading/output-reader.ts";
import { processSource } from "../../../src/reading/output-source.ts";
import { countTurns, takeSlices } from "../../take-slices.ts";
import { waitFor } from "../../wait-for.ts";
import { useServing } from "../serving.ts";
import { beginningOf } from "./beginning.ts";

const host = useServing();
const { run } = host;
const get = (path: string, init?: RequestInit) => fetch(`${host.serving.url}${path}`, init);
const held = (id: number, label = "out") => host.serving.process(id).rings.get(label);
const ended = (id: number) => waitFor(() => host.serving.process(id).outputEnded, `the end of process ${id}`);

describe("feed=longpoll", () => {
  test("is the default, waits for output and returns the available output", async () => {
    const id = await run("sleep 0.1; echo a; sleep 60");
    const answer = await get(`/streams/${id}/out`);
    expect(await answer.text()).toBe("a\n");
    expect(answer.headers.get("x-gaffer-next")).not.toBeNull();
  });

  test("polling with `X-Gaffer-Next` loses no output and ends with 204", async () => {
    const id = await run("for i in $(seq 1 200); do echo line $i; echo more; done; sleep 0.05; seq 1 30000");
    let text = "";
    let next = "";
    for (;;) {
      const answer = await get(`/streams/${id}/out${next && `?since=${next}`}`);
      if (answer.status === 204) break;
      text += await answer.text();
      next = answer.headers.get("x-gaffer-next") ?? "";
    }
    const ring = held(id);
    expect(text).toBe(Buffer.from(ring?.copy(0, ring.head) ?? []).toString());
  });

  test("lost bytes are counted in `X-Gaffer-Gap`", async () => {
    const id = await run("head -c 9000 /dev/zero | tr '\\0' x", { output_buffer: 4096 });
    await ended(id);
    const early = beginningOf(host.serving, id, "out");
    const answer = await get(`/streams/${id}/out?since=${early}`);
    expect(answer.headers.get("x-gaffer-gap")).toBe(String(9000 - 4096));
    expect((await answer.text()).length).toBe(4096);
  });

  test("returns an empty response with `X-Gaffer-Next` after the heartbeat time", async () => {
    const id = await run("sleep 60");
    const answer = await get(`/streams/${id}/out?heartbeat=0.1`);
    expect([answer.status, await answer.text()]).toEqual([200, ""]);
    expect(answer.headers.get("x-gaffer-next")).not.toBeNull();
  });

  test("a client that disconnects while waiting leaves no reader behind", async () => {
    const id = await run("sleep 60");
    const controller = new AbortController();
    const answer = get(`/streams/${id}/out`, { signal: controller.signal }).catch(() => "left");
    await waitFor(() => host.serving.cursorCount() === 1, "the poll");
    controller.abort();
    expect(await answer).toBe("left");
    await waitFor(() => host.serving.cursorCount() === 0, "the end of its cursor");
  });

  test("a long response is encoded in several turns of the event loop, and has all output", async () => {
    const id = await run("seq 1 40000");
    await ended(id);
    const { supervisor, process } = host.serving.daemon.manager.findProcess(id);
    const source = processSource(supervisor, process);
    const query = parseOutputQuery(new URLSearchParams({ format: "json" }), null, currentMoment());
    let text = "";
    takeSlices(2);
    const turns = await countTurns(async () => {
      const open: OpenReader = (callbacks) =>
        new OutputReader(source, { ...callbacks, start: query.start, unit: "lines" });
      const answer = await answerLongpoll(source, open, query, new AbortController().signal, undefined);
      text = await answer.text();
    });
    const documents = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(documents.map(({ data }) => data).join("")).toBe(Buffer.from(held(id)!.copy(0, held(id)!.head)).toString());
    expect(turns).toBeGreaterThan(1);
  });
});
