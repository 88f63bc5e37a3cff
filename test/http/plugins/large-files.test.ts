import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readlinkSync, truncateSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { waitFor } from "../../wait-for.ts";
import { temporaryFolder } from "../listen/listening.ts";
import { type PluginServing, servePlugins } from "./plugin-folder.ts";

/** More than the buffers of a connection hold, without repetition. */
const bytes = new Uint8Array(40_000_000).map((_, index) => (index * 31 + (index >> 8)) % 253);
const text = Buffer.from(bytes.subarray(0, 8_000_000)).toString("hex");
const large = "/_plugin/hello/large.bin";
const files = { "hello/_site/index.html": "small" };

let folder: ReturnType<typeof temporaryFolder>;
let plain: PluginServing;
let encrypted: PluginServing;
let local: PluginServing;

beforeAll(async () => {
  folder = temporaryFolder();
  const [certificate, key, socket] = ["cert.pem", "key.pem", "socket"].map((name) => join(folder.path, name)) as [
    string,
    string,
    string,
  ];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
  const made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", certificate];
  await Bun.$`openssl req -x509 -days 1 ${subject} ${made}`.quiet();
  plain = await servePlugins(files);
  encrypted = await servePlugins(files, ["bind = 127.0.0.1:0", `certfile = ${certificate}`, `keyfile = ${key}`]);
  local = await servePlugins(files, [`bind = unix:${socket}`]);
  for (const serving of [plain, encrypted, local]) {
    serving.write("hello/_site/large.bin", bytes);
    serving.write("hello/_site/large.txt", text);
  }
});
afterAll(async () => {
  for (const serving of [plain, encrypted, local]) await serving[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const endpoints = [
  ["TCP", () => plain],
  ["TLS", () => encrypted],
  ["a unix socket", () => local],
] as const;

function ask(serving: PluginServing, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { "accept-encoding": "", ...init.headers };
  const common = { ...init, headers, decompress: false, tls: { rejectUnauthorized: false } };
  if (!serving.url.startsWith("unix:")) return fetch(`${serving.url}${path}`, common);
  return fetch(`http://localhost${path}`, { ...common, unix: serving.url.slice("unix:".length) });
}

/** The open files of the sites. The daemons run in this process. */
function openFiles(): string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return target.includes("/_site/") ? [target] : [];
    } catch {
      return []; // The descriptor of the folder itself.
    }
  });
}

const allClosed = () => waitFor(() => openFiles().length === 0, "the end of all files");

describe.each(endpoints)("a large file over %s", (_, servingOf) => {
  test("is sent unchanged, and a part of it too", async () => {
    const whole = await ask(servingOf(), large);
    expect([whole.status, Bun.hash(await whole.bytes())]).toEqual([200, Bun.hash(bytes)]);
    const part = await ask(servingOf(), large, { headers: { range: "bytes=1000001-30000000" } });
    expect([part.status, part.headers.get("content-range")]).toEqual([206, "bytes 1000001-30000000/40000000"]);
    expect(Bun.hash(await part.bytes())).toBe(Bun.hash(bytes.subarray(1_000_001, 30_000_001)));
    const compressed = await ask(servingOf(), "/_plugin/hello/large.txt", { headers: { "accept-encoding": "gzip" } });
    expect(gunzipSync(await compressed.bytes()).toString() === text).toBe(true);
    await allClosed();
  });

  test("is closed when the client leaves", async () => {
    for (const headers of [{}, { range: "bytes=5-" }, { "accept-encoding": "gzip" }, { "accept-encoding": "zstd" }]) {
      const left = new AbortController();
      const path = "accept-encoding" in headers ? "/_plugin/hello/large.txt" : large;
      const answer = await ask(servingOf(), path, { headers, signal: left.signal });
      expect((await answer.body?.getReader().read())?.done).toBe(false);
      expect(openFiles()).toHaveLength(1);
      left.abort();
      await allClosed();
    }
  });

  test("is closed after HEAD, which has its length", async () => {
    for (const accept of ["", "gzip", "zstd"]) {
      for (const path of [large, "/_plugin/hello/large.txt"]) {
        const { status, headers } = await ask(servingOf(), path, {
          method: "HEAD",
          headers: { "accept-encoding": accept, range: accept === "" ? "bytes=1-2" : "lines=1" },
        });
        expect([status, headers.get("content-length")]).toEqual([200, path === large ? "40000000" : "16000000"]);
      }
      const encoded = await ask(servingOf(), "/_plugin/hello/large.txt", {
        method: "HEAD",
        headers: { "accept-encoding": accept },
      });
      expect([encoded.status, encoded.headers.get("content-encoding") ?? ""]).toEqual([200, accept]);
      await allClosed();
    }
  });

  test("that becomes shorter while it is sent is cut off", async () => {
    const path = servingOf().write("hello/_site/shrinking.bin", bytes);
    const answer = await ask(servingOf(), "/_plugin/hello/shrinking.bin");
    const reader = answer.body?.getReader();
    await reader?.read();
    truncateSync(path, 1000);
    const rest = (async () => {
      while (!(await reader?.read())?.done);
    })();
    expect(
      await rest.then(
        () => "complete",
        () => "cut off",
      ),
    ).toBe("cut off");
    await allClosed();
  });
});

test("the length of a large file is sent with it, so that clients can show the progress", async () => {
  for (const serving of [plain, local]) {
    const answer = await ask(serving, large);
    expect(answer.headers.get("content-length")).toBe(String(bytes.length));
    await answer.body?.cancel();
  }
  await allClosed();
});

test("a client that reads nothing does not keep others waiting, and is sent only what its connection holds", async () => {
  const { port } = new URL(plain.url);
  const before = process.memoryUsage.rss();
  const sockets = Array.from({ length: 20 }, () => {
    const socket = connect(Number(port), "127.0.0.1");
    socket.pause();
    socket.write(`GET ${large} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    return socket;
  });
  await waitFor(() => openFiles().length === 20, "all downloads");
  for (let turn = 0; turn < 20; turn++) expect((await ask(plain, "/ping")).status).toBe(200);
  // A tenth of the files.
  expect(process.memoryUsage.rss() - before).toBeLessThan(80_000_000);
  for (const socket of sockets) socket.destroy();
  await allClosed();
});
