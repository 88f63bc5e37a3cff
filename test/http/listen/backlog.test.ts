import { describe, expect, test } from "bun:test";
import { connect, createServer } from "node:net";
import { openSockets, setBacklog } from "../../../src/http/listen/backlog.ts";
import { createService } from "../service.ts";

describe.skipIf(process.platform !== "linux")("the backlog", () => {
  test("is set only on the listener that was opened after the snapshot", async () => {
    const { log, logged } = createService();
    const older = Bun.serve({ port: 0, fetch: () => new Response() });
    const before = openSockets();
    const server = Bun.serve({ port: 0, fetch: () => new Response() });
    setBacklog(before, 7, { log });
    expect([await backlogOf(older.port), await backlogOf(server.port)]).toEqual([512, 7]);
    expect(logged).toEqual([]);
    await Promise.all([older.stop(true), server.stop(true)]);
  });

  test("is not set on a connection", async () => {
    const { log, logged } = createService();
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const address = server.address();
    const before = openSockets();
    const client = connect(typeof address === "object" && address !== null ? address.port : 0, "127.0.0.1");
    await new Promise((resolve) => client.once("connect", resolve));
    setBacklog(before, 7, { log });
    expect(logged).toEqual([
      { line: "debug cannot set `backlog` to 7; it stays at 512: cannot find the listening socket", cause: undefined },
    ]);
    client.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
});

test("without /proc, the log says that the backlog was not set", () => {
  const { log, logged } = createService();
  setBacklog(undefined, 7, { log });
  expect(logged.map(({ line }) => line)).toEqual([expect.stringContaining("debug cannot set `backlog` to 7")]);
});

async function backlogOf(port: number | undefined): Promise<number> {
  const line = await Bun.$`ss --no-header --listening --numeric --tcp sport = ${port}`.text();
  return Number(/LISTEN\s+0\s+(\d+)/.exec(line)?.[1]);
}
