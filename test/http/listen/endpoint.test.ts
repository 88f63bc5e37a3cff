import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { Elysia } from "elysia";
import { keepOpen } from "../../../src/http/listen/connection.ts";
import { openEndpoints } from "../../../src/http/listen/endpoint.ts";
import { anyPort, askRaw, converse, curl, echoOf, endpoint, listen, temporaryFolder } from "./listening.ts";
import { createService } from "../service.ts";

describe("one app answers", () => {
  test("on several addresses of several endpoints", async () => {
    using folder = temporaryFolder();
    const path = `${folder.path}/gaffer.sock`;
    await using listening = await listen([
      endpoint({ binds: [anyPort, { kind: "unix", path }] }),
      endpoint({ name: "other", binds: [{ kind: "tcp", host: "::1", port: 0 }] }),
    ]);
    const { urls } = listening.endpoints;
    expect(urls).toEqual([
      expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      `unix:${path}`,
      expect.stringMatching(/^http:\/\/\[::1\]:\d+$/),
    ]);
    await fetch(`${urls[0]}/processes`, { method: "POST", body: '{"name":"a","cmd":"true","start":false}' });
    for (const url of [urls[0], urls[2]]) expect(await (await fetch(`${url}/processes`)).json()).toEqual(["a"]);
    expect(await (await fetch("http://localhost/processes", { unix: path })).json()).toEqual(["a"]);
  });

  test("on all IPv4 and IPv6 addresses if the host is empty", async () => {
    await using listening = await listen([endpoint({ binds: [{ kind: "tcp", host: "", port: 0 }] })]);
    expect(listening.url).toBe(`http://localhost:${listening.port}`);
    for (const host of ["127.0.0.1", "[::1]"]) {
      expect((await fetch(`http://${host}:${listening.port}/ping`)).status).toBe(200);
    }
  });

  test.each(["localhost", "[::1]"])("on %s", async (host) => {
    await using listening = await listen([endpoint({ binds: [{ kind: "tcp", host, port: 0 }] })]);
    expect((await fetch(`${listening.url}/ping`)).status).toBe(200);
  });

  test("any Host on a unix socket", async () => {
    using folder = temporaryFolder();
    const path = `${folder.path}/s`;
    await using listening = await listen([endpoint({ binds: [{ kind: "unix", path }] })]);
    for (const host of ["d", "x:1", "localhost", "a-very-long-host-name.example"]) {
      const socket = ["--unix-socket", path];
      expect(await curl(...socket, `http://${host}/ping`)).toEqual({ exit: 0, status: 200, text: "OK" });
      expect(await curl(...socket, `http://${host}/nope`)).toMatchObject({ exit: 0, status: 404 });
      const create = ["--data", `{"name":"p-${host}","cmd":"true","start":false}`, `http://${host}/processes`];
      expect(await curl(...socket, ...create)).toMatchObject({ status: 200, text: '{"ok":true,"pids":[]}' });
    }
    expect(await curl("--unix-socket", path, "--http1.0", "-H", "Host:", "http://d/ping")).toMatchObject({
      status: 200,
    });
    expect(listening.service.manager.names()).toHaveLength(4);
  });
});

describe("a request from another site is refused on every route", () => {
  const routes = ["/", "/ping", "/processes", "/nope", "/streams/1/stdout", "/echo"];

  test.each<[string, Record<string, string>, boolean?]>([
    ["its Host is not allowed", { host: "evil.example:5000" }],
    ["it has no Host", {}, false],
    ["its Host is invalid", { host: "localhost:5000@evil.example" }],
    ["its Host has an invalid port", { host: "localhost:99999" }],
    ["its Origin is another site", { origin: "http://evil.example" }],
    ["its Origin is null", { origin: "null" }],
    ["it comes from a page of another site", { "sec-fetch-site": "cross-site" }],
    ["it comes from a page on another port", { "sec-fetch-site": "same-site" }],
  ])("because %s", async (_, headers, setHost = true) => {
    await using listening = await listen();
    for (const path of routes) {
      for (const method of ["GET", "POST", "OPTIONS", "DELETE"]) {
        const asked = { path, method, headers, setHost };
        if (!setHost) {
          const line = `${method} ${path} HTTP/1.0\r\n\r\n`;
          expect(await converse(listening.port, line, () => false)).toStartWith("HTTP/1.1 403 ");
          continue;
        }
        const { status, text, headers: answered } = await askRaw(listening.port, asked);
        expect([method, path, status]).toEqual([method, path, 403]);
        expect(JSON.parse(text)).toEqual({ error: "forbidden", message: expect.any(String) });
        expect(answered).toMatchObject({ "cache-control": "no-store", "x-content-type-options": "nosniff" });
        expect(answered).not.toHaveProperty("access-control-allow-origin");
      }
    }
  });

  test("before it has an effect", async () => {
    await using listening = await listen();
    const body = '{"name":"a","cmd":"sleep 1000"}';
    const headers = { origin: "http://evil.example", "content-type": "text/plain" };
    expect((await fetch(`${listening.url}/processes`, { method: "POST", body, headers })).status).toBe(403);
    expect(listening.service.manager.names()).toEqual([]);
  });

  test.each([
    ["Host: evil.example", "Origin: http://evil.example"],
    ["Host: localhost", "Origin: http://evil.example"],
    ["Host: localhost", "Origin: null"],
    ["Host: localhost", "Sec-Fetch-Site: cross-site"],
    ["Host: localhost", "Sec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site"],
  ])("a WebSocket too: %s, %s", async (host, origin) => {
    await using listening = await listen();
    const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13";
    const head = `GET /echo HTTP/1.1\r\n${host}\r\n${origin}\r\n${upgrade}\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`;
    const answer = await converse(listening.port, head, (text) => text.includes("\r\n\r\n"));
    expect(answer).toStartWith("HTTP/1.1 403 ");
  });
});

test("a `Host` listed in `hosts` is accepted", async () => {
  await using listening = await listen([endpoint({ hosts: ["gaffer.example"] })]);
  expect((await askRaw(listening.port, { path: "/ping", headers: { host: "gaffer.example" } })).status).toBe(200);
});

test("a web page of the same origin is answered, without CORS headers", async () => {
  await using listening = await listen();
  const { status, headers } = await fetch(`${listening.url}/ping`, { headers: { origin: listening.url } });
  expect([status, headers.get("access-control-allow-origin")]).toEqual([200, null]);
});

describe("a WebSocket", () => {
  test("can be opened by a request, and echoes messages", async () => {
    await using listening = await listen();
    expect(await echoOf(listening.url)).toBe("hello");
  });

  test("cannot be opened by a plain request", async () => {
    await using listening = await listen();
    expect((await fetch(`${listening.url}/echo`)).status).toBe(426);
  });

  test("cannot be opened by a request that no listener received", async () => {
    await using listening = await listen();
    expect((await listening.service.ask("GET", "/echo")).status).toBe(426);
  });
});

test.skipIf(process.platform !== "linux")("the backlog is the configured one", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/s`;
  await using listening = await listen([
    endpoint({ backlog: 77 }),
    endpoint({ backlog: 33, binds: [{ kind: "unix", path }] }),
  ]);
  const queues = await Bun.$`ss --no-header --listening --numeric --tcp --unix`.text();
  const line = (address: string) => queues.split("\n").find((each) => each.includes(address));
  expect(line(`127.0.0.1:${listening.port}`)).toMatch(/LISTEN\s+0\s+77\s/);
  expect(line(path)).toMatch(/LISTEN\s+0\s+33\s/);
  expect((await fetch(`${listening.url}/ping`)).status).toBe(200);
});

describe("an address that cannot be opened", () => {
  test.each([
    ["10.254.254.254", "this machine does not have that address"],
    ["no-such-host.invalid", "the host name does not resolve to an address"],
  ])("is reported with the address and a remedy: %s", async (host, advice) => {
    const { app, log } = createService();
    const opened = openEndpoints(app, [endpoint({ binds: [{ kind: "tcp", host, port: 5999 }] })], { log });
    const reason: unknown = await opened.catch((error: unknown) => error);
    expect(reason).toMatchObject({ code: "bad_value", field: "endpoint:main" });
    expect(reason).toHaveProperty("message", expect.stringContaining(`cannot listen on ${host}:5999`));
    expect(reason).toHaveProperty("message", expect.stringContaining(advice));
  });

  test("is reported if another program uses the port", async () => {
    await using other = await listen();
    const taken = endpoint({ name: "second", binds: [{ ...anyPort, port: other.port }] });
    const { app, log } = createService();
    await expect(openEndpoints(app, [taken], { log })).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringMatching(/cannot listen on 127\.0\.0\.1:\d+ for \[endpoint:second\]: another program/),
    });
  });

  test("closes the endpoints that were opened before it", async () => {
    using folder = temporaryFolder();
    await using other = await listen();
    const probe = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
    const port = probe.port ?? 0;
    await probe.stop(true);
    const first = endpoint({
      binds: [
        { ...anyPort, port },
        { kind: "unix", path: `${folder.path}/s` },
      ],
    });
    const second = endpoint({ binds: [{ ...anyPort, port: other.port }] });
    const { app, log } = createService();
    await expect(openEndpoints(app, [first, second], { log })).rejects.toThrow("another program");
    expect(readdirSync(folder.path)).toEqual([]);
    await using again = await listen([first]);
    expect(again.port).toBe(port);
  });
});

describe("stopping", () => {
  test("refuses new connections and finishes requests in progress", async () => {
    await using listening = await listen();
    const { service, url } = listening;
    const release = Promise.withResolvers<void>();
    const began = Promise.withResolvers<void>();
    service.manager.stop = async () => {
      began.resolve();
      await release.promise;
    };
    await service.ask("POST", "/processes", { name: "a", cmd: "true", start: false });
    const answer = fetch(`${url}/processes/a/_stop`, { method: "POST" });
    await began.promise;
    listening.endpoints.stopAccepting();
    await expect(fetch(`${url}/ping`)).rejects.toThrow();
    release.resolve();
    expect((await answer).status).toBe(200);
  });

  test("with close() closes open connections", async () => {
    const { log } = createService();
    const asked = Promise.withResolvers<AbortSignal>();
    const app = new Elysia().get("/forever", ({ request }) => {
      keepOpen(request);
      asked.resolve(request.signal);
      return new Promise<never>(() => {});
    });
    const endpoints = await openEndpoints(app, [endpoint()], { log });
    const answer = fetch(`${endpoints.urls[0]}/forever`).catch((error: unknown) => error);
    const signal = await asked.promise;
    endpoints.stopAccepting();
    await endpoints.close();
    expect(await answer).toBeInstanceOf(Error);
    expect(signal.aborted).toBeTrue();
    await endpoints.close();
  });
});
