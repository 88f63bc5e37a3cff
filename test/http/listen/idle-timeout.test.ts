import { expect, spyOn, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import type { Bind } from "../../../src/bind.ts";
import { disableIdleTimeout, keepOpen } from "../../../src/http/listen/connection.ts";
import { type Endpoints, openEndpoints } from "../../../src/http/listen/endpoint.ts";
import { unixIdleTimer } from "../../../src/http/listen/idle-timer.ts";
import { recordWarnings } from "../../recorded-log.ts";
import { anyPort, endpoint, temporaryFolder } from "./listening.ts";

/** Bun closes a connection with the shortest timeout after 4 to 8 s. */
const slowMs = 9000;

/** An app whose answers to `/kept` and `/slow` take longer than the idle timeout. */
const app = {
  compile() {},
  async fetch(request: Request) {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/kept")) keepOpen(request);
    if (pathname === "/stream") disableIdleTimeout(request);
    if (pathname === "/kept" || pathname === "/slow") await Bun.sleep(slowMs);
    return new Response("done");
  },
};

/** Opens addresses whose idle timeout, if they have one, is as short as Bun allows. */
async function openWithShortTimeout(binds: readonly Bind[], serve = Bun.serve): Promise<Endpoints> {
  const shorten = ({ idleTimeout = 1, ...options }) =>
    serve({ ...options, idleTimeout: Math.min(idleTimeout, 1) } as never);
  using _ = spyOn(Bun, "serve").mockImplementation(shorten as unknown as typeof Bun.serve);
  return await openEndpoints(app, [endpoint({ binds })], { log: recordWarnings().log });
}

/** The text that a client gets before the server closes its connection, or up to the end of an answer to `/kept`. */
async function ask(socket: Socket, path: string): Promise<string> {
  let text = "";
  const end = Promise.withResolvers<void>();
  socket.on("data", (bytes) => {
    text += bytes.toString("latin1");
    if (path === "/kept" && text.endsWith("done")) end.resolve();
  });
  socket.on("close", () => end.resolve());
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  await end.promise;
  socket.destroy();
  return text;
}

test("on TCP and unix sockets, silent connections are closed, but not before a request that may be slow is answered", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "socket");
  const endpoints = await openWithShortTimeout([anyPort, { kind: "unix", path }]);
  const port = Number(URL.parse(endpoints.urls[0] ?? "")?.port);
  const askBoth = async (route: string) =>
    await Promise.all([ask(connect(port, anyPort.host), route), ask(connect(path), route)]);
  const [quick, slow, kept] = await Promise.all([askBoth("/quick"), askBoth("/slow"), askBoth("/kept")]);
  for (const text of [...quick, ...kept]) expect(text).toEndWith("done");
  expect(slow).toEqual(["", ""]);
  await endpoints.close();
}, 30_000);

test.each([
  ["a request that may be slow", "/kept-quick", [0, 30]],
  ["a response that may pause", "/stream", [0]],
  ["any other request", "/quick", []],
])("%s sets these timeouts of its connection: %s gives %j", async (_, route, timeouts) => {
  using folder = temporaryFolder();
  const unix = join(folder.path, "socket");
  const endpoints = await openEndpoints(app, [endpoint({ binds: [{ kind: "unix", path: unix }] })], {
    log: recordWarnings().log,
  });
  const timer = unixIdleTimer();
  if (timer === undefined) throw new Error("no timer");
  using timeout = spyOn(timer, "timeout");
  expect(await (await fetch(`http://localhost${route}`, { unix })).text()).toBe("done");
  expect(timeout.mock.calls.map(([, seconds]) => seconds)).toEqual(timeouts);
  await endpoints.close();
});

const module = (name: string) => JSON.stringify(join(import.meta.dir, name));

test("where gafferd cannot open a port, connections of a unix socket have no idle timeout", async () => {
  using folder = temporaryFolder();
  const bind = { kind: "unix", path: join(folder.path, "socket") } as const;
  const code = `
    const serve = Bun.serve;
    let idleTimeout;
    Bun.serve = (options) => {
      if (options.unix === undefined) throw new Error("EAFNOSUPPORT");
      idleTimeout = options.idleTimeout;
      return serve(options);
    };
    const { openEndpoints } = await import(${module("../../../src/http/listen/endpoint.ts")});
    const { endpoint } = await import(${module("listening.ts")});
    const { recordWarnings } = await import(${module("../../recorded-log.ts")});
    const app = { compile() {}, fetch: () => new Response("done") };
    const settings = endpoint({ binds: [${JSON.stringify(bind)}] });
    const endpoints = await openEndpoints(app, [settings], { log: recordWarnings().log });
    console.log(idleTimeout, await (await fetch("http://localhost/", { unix: ${JSON.stringify(bind.path)} })).text());
    await endpoints.close();
    process.exit(0);`;
  const child = Bun.spawn([process.execPath, "-e", code], { stderr: "inherit" });
  expect(await child.stdout.text()).toBe("0 done\n");
});
