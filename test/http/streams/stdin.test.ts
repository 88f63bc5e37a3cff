import { describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { waitFor } from "../../wait-for.ts";
import { useServing } from "../serving.ts";

const host = useServing();
const run = (cmd: string, settings: Parameters<typeof host.run>[1] = {}) =>
  host.run(cmd, { redirect_input: true, ...settings });

interface Answer {
  readonly status: number;
  readonly body: { ok?: boolean; bytes?: number; taken?: number; error?: string; message?: string; field?: string };
  readonly retryAfter: string | null;
}

async function post(id: number | string, body: BodyInit | null, query = ""): Promise<Answer> {
  const answer = await fetch(`${host.serving.url}/streams/${id}/stdin${query}`, { method: "POST", body });
  return {
    status: answer.status,
    body: (await answer.json()) as Answer["body"],
    retryAfter: answer.headers.get("retry-after"),
  };
}

type BodyInit = string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;

const out = (id: number) => {
  const ring = host.serving.process(id).rings.get("out");
  return Buffer.from(ring?.copy(ring.oldest, ring.head) ?? []);
};

describe("POST /streams/:pid/stdin", () => {
  test("writes the body and returns the number of bytes; the process echoes it", async () => {
    const id = await run("cat");
    expect(await post(id, "hello")).toMatchObject({ status: 200, body: { ok: true, bytes: 5 } });
    await waitFor(() => out(id).toString() === "hello", "the echo");
  });

  test("accepts a body of any content type, and an empty body", async () => {
    const id = await run("cat");
    for (const type of [
      "application/json",
      "application/x-www-form-urlencoded",
      "text/plain",
      "multipart/form-data; boundary=x",
    ]) {
      const init = { method: "POST", body: "{no json\n", headers: { "content-type": type } };
      const answer = await fetch(`${host.serving.url}/streams/${id}/stdin`, init);
      expect(await answer.json()).toMatchObject({ ok: true, bytes: 9 });
    }
    expect(await post(id, null)).toMatchObject({ status: 200, body: { bytes: 0 } });
    await waitFor(() => out(id).toString() === "{no json\n".repeat(4), "the echo");
  });

  test("?eof=true closes stdin after the body", async () => {
    const id = await run("cat; echo end");
    expect(await post(id, "last\n", "?eof=true")).toMatchObject({ status: 200, body: { bytes: 5 } });
    await waitFor(() => host.serving.process(id).outputEnded, "the end");
    expect(out(id).toString()).toBe("last\nend\n");
  });

  test("a body of 50 MB arrives unchanged, as fast as the process reads", async () => {
    const bytes = Buffer.alloc(50_000_000, "0123456789abcdef\n");
    const id = await run("sha256sum");
    expect(await post(id, new Uint8Array(bytes), "?eof=true")).toMatchObject({
      status: 200,
      body: { bytes: bytes.length },
    });
    await waitFor(() => host.serving.process(id).outputEnded, "the sum", 20_000);
    expect(out(id).toString()).toStartWith(new Bun.CryptoHasher("sha256").update(bytes).digest("hex"));
  });

  test("bodies up to 64 KiB from several clients never interleave", async () => {
    const id = await run("sleep 0.2; cat", { output_buffer: "8m" });
    const letters = [..."abcdefghijklmnopqrst"];
    const bodies = letters.map((letter) => letter.repeat(65_536));
    await Promise.all(bodies.map((body) => post(id, body)));
    const runs = () =>
      out(id)
        .toString()
        .match(/(.)\1*/g) ?? [];
    await waitFor(() => out(id).length === 20 * 65_536, "all bytes");
    expect(runs().map((each) => each.length)).toEqual(letters.map(() => 65_536));
    expect(
      runs()
        .map((each) => each[0])
        .toSorted(),
    ).toEqual(letters);
  });

  test("a body of unknown length is written as it arrives", async () => {
    const id = await run("cat");
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const answer = post(id, readable);
    const typist = writable.getWriter();
    for (const typed of ["one", "two", "three"]) {
      await typist.write(Buffer.from(typed));
      await waitFor(() => out(id).toString().endsWith(typed), typed);
    }
    await typist.close();
    expect(await answer).toMatchObject({ status: 200, body: { bytes: 11 } });
  });

  test("without `redirect_input` it is 403 forbidden_write", async () => {
    const id = await run("sleep 60", { redirect_input: false });
    expect(await post(id, "x")).toMatchObject({ status: 403, body: { error: "forbidden_write" } });
  });

  test("a process that has exited is 410 gone", async () => {
    const id = await run("true");
    await waitFor(() => host.serving.process(id).exit, "the exit");
    const { status, body } = await post(id, "x");
    expect([status, body.error, body.bytes]).toEqual([410, "gone", 0]);
    expect(body.message).toContain("has ended");
  });

  test("a process that has closed its stdin is 410 gone, with the number of bytes written", async () => {
    const id = await run("exec <&-; echo closed; sleep 60");
    await waitFor(() => out(id).length > 0, "the process to close its stdin");
    expect(await post(id, "x")).toMatchObject({ status: 410, body: { error: "gone", bytes: 0 } });
    expect(await post(id, "x")).toMatchObject({ status: 410, body: { error: "gone", bytes: 0 } });
  });

  test("if the process does not read, the request waits, then fails with 503 and the number of bytes written", async () => {
    const id = await run("sleep 60", { stdin_timeout: 0.3 });
    const startedMs = performance.now();
    const { status, body, retryAfter } = await post(id, new Uint8Array(300_000));
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(290);
    expect([status, body.error, retryAfter]).toEqual([503, "overloaded", "1"]);
    expect(body.bytes).toBeGreaterThan(4096);
    expect(body.bytes).toBeLessThan(300_000);
  });

  test("the bytes that a 503 counted as written are those that the process reads later", async () => {
    const go = `/tmp/gafferd-test-${process.pid}-go`;
    const id = await run(`while ! test -e ${go}; do sleep 0.02; done; wc -c`, { stdin_timeout: 0.3 });
    const first = await post(id, new Uint8Array(300_000));
    expect(first.status).toBe(503);
    await Bun.write(go, "");
    const second = await post(id, "tail", "?eof=true");
    expect(second).toMatchObject({ status: 200, body: { bytes: 4 } });
    await waitFor(() => host.serving.process(id).outputEnded, "the count");
    expect(Number(out(id).toString())).toBe((first.body.bytes ?? 0) + 4);
    await Bun.file(go).delete();
  });

  test("a client that disconnects in the middle of its body does not affect other writers", async () => {
    const id = await run("cat");
    const { hostname, port } = new URL(host.serving.url);
    const socket = connect(Number(port), hostname);
    socket.write(`POST /streams/${id}/stdin HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Length: 100\r\n\r\nbegun`);
    await Bun.sleep(50);
    socket.destroy();
    await waitFor(async () => (await post(id, "!")).status === 200, "the next writer");
    await waitFor(() => out(id).toString().endsWith("!"), "the byte of the next writer");
    expect(host.serving.warnings).toEqual([]);
    expect(out(id).toString()).toBe("!");
  });

  test.each([
    ["999999", 404, "not_found"],
    ["nobody", 404, "not_found"],
    ["1.5", 400, "bad_value"],
  ])("/streams/%s/stdin is %d %s", async (id, status, error) => {
    expect(await post(id, "x")).toMatchObject({ status, body: { error } });
  });
});

describe("POST /streams/:name/stdin", () => {
  test("writes to the only process of the template", async () => {
    const id = await run("cat");
    expect(await post(host.lastName, "hello", "?eof=true")).toMatchObject({ status: 200, body: { bytes: 5 } });
    await waitFor(() => out(id).toString() === "hello", "the echo");
  });

  test("points to `_pids` if there are several processes, or none", async () => {
    await run("cat", { numprocesses: 2 });
    const several = expect.stringContaining(`/processes/${host.lastName}/_pids`);
    expect(await post(host.lastName, "x")).toMatchObject({
      status: 409,
      body: { error: "conflict", message: several },
    });
    await run("cat", { start: false });
    const none = expect.stringContaining(`/processes/${host.lastName}/_pids`);
    expect(await post(host.lastName, "x")).toMatchObject({ status: 410, body: { error: "gone", message: none } });
  });
});

async function position(id: number | string, method = "GET") {
  const response = await fetch(`${host.serving.url}/streams/${id}/stdin`, { method });
  const text = await response.text();
  return { status: response.status, header: response.headers.get("x-gaffer-taken"), text };
}

describe("positions of input", () => {
  test("GET and HEAD report how many bytes were accepted, and whether stdin is closed", async () => {
    const id = await run("cat; sleep 60");
    expect(await position(id)).toEqual({ status: 200, header: "0", text: '{"taken":0,"closed":false}' });
    await post(id, "hello", "?eof=true");
    expect(await position(host.lastName)).toEqual({ status: 200, header: "5", text: '{"taken":5,"closed":true}' });
    expect(await position(id, "HEAD")).toEqual({ status: 200, header: "5", text: "" });
  });

  test("they remain readable after the exit", async () => {
    const id = await run("head -c 3");
    await post(id, "abc");
    await waitFor(() => host.serving.process(id).exit, "the exit");
    expect((await position(id)).text).toBe('{"taken":3,"closed":true}');
  });

  test("without `redirect_input` it is 403 forbidden_write", async () => {
    const id = await run("sleep 60", { redirect_input: false });
    expect((await position(id)).status).toBe(403);
  });

  test("every answer has `taken`: success, conflict, gone and overloaded", async () => {
    const id = await run("head -c 4; exec <&-; echo closed; sleep 60");
    expect(await post(id, "ab")).toMatchObject({ status: 200, body: { bytes: 2, taken: 2 } });
    expect(await post(id, "x", "?offset=3")).toMatchObject({
      status: 409,
      body: { error: "conflict", field: "offset", taken: 2, bytes: 0 },
    });
    await post(id, "cd");
    await waitFor(() => out(id).toString().includes("closed"), "the process to close its stdin");
    expect(await post(id, "x")).toMatchObject({ status: 410, body: { error: "gone", taken: 4, bytes: 0 } });
    const deaf = await run("sleep 60", { stdin_timeout: 0.2 });
    const { status, body } = await post(deaf, new Uint8Array(300_000));
    expect([status, body.taken]).toEqual([503, body.bytes]);
  });

  test.each(["-1", "1.5", "x", "", "99999999999999999"])("`offset=%s` is 400 bad_value", async (offset) => {
    const id = await run("cat");
    expect(await post(id, "x", `?offset=${offset}`)).toMatchObject({ status: 400, body: { field: "offset" } });
  });

  test("a request with `offset` can be repeated, even after it has closed stdin", async () => {
    const id = await run("cat");
    const once = async () => await post(id, "hello", "?offset=0&eof=true");
    expect(await once()).toMatchObject({ status: 200, body: { bytes: 5, taken: 5 } });
    expect(await once()).toMatchObject({ status: 200, body: { bytes: 0, taken: 5 } });
    await waitFor(() => host.serving.process(id).outputEnded, "the exit");
    expect(await once()).toMatchObject({ status: 200, body: { bytes: 0, taken: 5 } });
    expect(out(id).toString()).toBe("hello");
  });

  test("three clients that send the same 5 MB at the same position write it once", async () => {
    const bytes = Buffer.alloc(5_000_000, "0123456789abcdefg");
    const id = await run("sleep 0.1; sha256sum");
    const answers = await Promise.all([1, 2, 3].map(() => post(id, new Uint8Array(bytes), "?offset=0")));
    expect(answers.map(({ body }) => body.taken)).toEqual([5_000_000, 5_000_000, 5_000_000]);
    expect(answers.reduce((sum, { body }) => sum + (body.bytes ?? 0), 0)).toBe(5_000_000);
    await post(id, "", "?offset=5000000&eof=true");
    await waitFor(() => host.serving.process(id).outputEnded, "the sum");
    expect(out(id).toString()).toStartWith(new Bun.CryptoHasher("sha256").update(bytes).digest("hex"));
  });
});
