import { describe, expect, test } from "bun:test";
import { maxBodyBytes } from "../../../src/http/operation/body.ts";
import { waitFor } from "../../wait-for.ts";
import { converse, listen } from "./listening.ts";

describe("HTTP on the wire", () => {
  test("a body that is too large is answered with 413", async () => {
    await using listening = await listen();
    const body = new Uint8Array(8 * maxBodyBytes).fill(32);
    const response = await fetch(`${listening.url}/processes`, { method: "POST", body });
    expect([response.status, await response.json()]).toMatchObject([413, { error: "too_large" }]);
    const chunked = ["-H", "Transfer-Encoding: chunked", "--data-binary", "@-", `${listening.url}/processes`];
    const child = Bun.spawn(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", ...chunked], { stdin: body });
    expect(await child.stdout.text()).toBe("413");
  });

  test("a body that the route does not read does not break the connection", async () => {
    await using listening = await listen();
    const body = "x".repeat(5000);
    const first = `POST /ping HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const second = "GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const text = await converse(listening.port, first + second, (all) => all.endsWith("OK"));
    expect(text).toStartWith("HTTP/1.1 405 ");
    expect(text).toContain("HTTP/1.1 200 ");
  });

  test.each([
    ["GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n", "200"],
    ["GET /x/../ping HTTP/1.1\r\nHost: localhost\r\n\r\n", "200"],
    ["GET http://evil.example/ping HTTP/1.1\r\nHost: localhost\r\n\r\n", "200"],
    ["GET /ping#x HTTP/1.1\r\nHost: localhost\r\n\r\n", "404"],
    ["GET //evil.example/ping HTTP/1.1\r\nHost: localhost\r\n\r\n", "404"],
    ["GET /status/caf\u00e9 HTTP/1.1\r\nHost: localhost\r\n\r\n", "404"],
    ["TRACE /ping HTTP/1.1\r\nHost: localhost\r\n\r\n", "405"],
    ["TRACE /ping HTTP/1.1\r\nHost: d\r\n\r\n", "40"],
    ["CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", "405"],
    ["GET /ping HTTP/1.1\r\nHost: d\r\n\r\n", "403"],
    ["GET /ping HTTP/1.1\r\nHost:\r\n\r\n", "403"],
    ["GET /ping HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", "40"],
  ])("%j is answered with %s", async (sent, status) => {
    await using listening = await listen();
    const text = await converse(listening.port, sent, (all) => all.includes("\r\n\r\n"));
    expect(text).toStartWith(`HTTP/1.1 ${status}`);
    expect(listening.service.logged.filter(({ line }) => line.startsWith("error"))).toEqual([]);
  });

  test.each(["localhost:99999", "127.0.0.1:0x50", "[", "[::1", "a b", "a%00", "é", "127.0.0.1/..", "@", "xn--a", ":1"])(
    "the Host %j is refused, whatever the method",
    async (host) => {
      await using listening = await listen();
      for (const method of ["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH"]) {
        const request = `${method} /processes HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\n\r\n`;
        const text = await converse(listening.port, request, (all) => all.includes("\r\n\r\n"));
        expect(text).toMatch(/^HTTP\/1\.1 40[03] /);
      }
      expect(listening.service.logged.filter(({ line }) => line.startsWith("error"))).toEqual([]);
    },
  );

  test.each(["/", "/ping", "/processes", "/nope"])(
    "HEAD of %s has the headers of GET, including the length",
    async (path) => {
      await using listening = await listen();
      const [head, get] = [
        await fetch(`${listening.url}${path}`, { method: "HEAD" }),
        await fetch(`${listening.url}${path}`),
      ];
      expect(head.status).toBe(get.status);
      for (const { headers } of [head, get]) headers.delete("date");
      expect(Object.fromEntries(head.headers)).toEqual(Object.fromEntries(get.headers));
    },
  );

  test("HEAD of a stream leaves no reader behind", async () => {
    await using listening = await listen();
    const { service, url } = listening;
    await service.ask("POST", "/processes", { name: "a", cmd: "sleep 1000", redirect_output: ["out"] });
    for (const feed of ["eventsource", "continuous", "longpoll", "continuous&tail=1000000"]) {
      const { status, headers } = await fetch(`${url}/streams/1/out?feed=${feed}`, { method: "HEAD" });
      expect([status, headers.get("cache-control")]).toEqual([200, "no-store, no-transform"]);
    }
    await waitFor(() => service.manager.readerCount() === 0, "the end of all readers");
  });

  test("HEAD from another site is refused", async () => {
    await using listening = await listen();
    const headers = { origin: "http://evil.example" };
    expect((await fetch(`${listening.url}/ping`, { method: "HEAD", headers })).status).toBe(403);
  });

  test("HEAD and 204 have no body", async () => {
    await using listening = await listen();
    const head = "HEAD /nope HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const options = "OPTIONS /ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    const text = await converse(listening.port, head + options, () => false);
    expect(text).toMatch(/^HTTP\/1\.1 404 [^{]*\r\n\r\nHTTP\/1\.1 204 [^{]*\r\n\r\n$/);
  });
});
