import { expect, test } from "bun:test";
import { attachConnection, type Connection } from "../../../src/http/listen/connection.ts";
import { createService } from "../service.ts";

const quick = [
  ["GET", "/processes"],
  ["GET", "/processes/a:b"],
  ["POST", "/processes/a:b/_signal/CONT"],
] as const;

const slow = [
  ["POST", "/processes/a:b/_stop"],
  ["POST", "/processes/a:b/_start"],
  ["POST", "/processes/1/_stop"],
  ["POST", "/processes/a:b/_restart"],
  ["POST", "/processes/a:b/_sub"],
  ["POST", "/processes/a:b/_add"],
  ["PUT", "/processes/a:b"],
  ["DELETE", "/processes/1"],
  ["DELETE", "/processes/a:b"],
  ["POST", "/groups/a/_stop"],
  ["POST", "/groups/a/_start"],
  ["POST", "/groups/a/_restart"],
  ["DELETE", "/groups/a"],
] as const;

/** The idle timeouts that were set while the app answered, and the requests they were set for. */
async function timeoutsOf(method: string, path: string): Promise<{ status: number; timeouts: unknown[] }> {
  await using service = createService();
  await service.ask("POST", "/processes", { name: "a:b", cmd: "sleep 1000" });
  const timeouts: unknown[] = [];
  const original = new Request(`http://d${path}`);
  const server = {
    timeout: (request: Request, seconds: number) => void timeouts.push([request === original, seconds]),
  };
  const site = { scheme: "http", boundHost: undefined, hosts: [], machineName: "box", endpointName: "main" } as const;
  const body = method === "PUT" ? '{"cmd":"sleep 1000"}' : null;
  const copy = new Request(`http://localhost${path}`, { method, body });
  attachConnection(copy, {
    server: {} as Connection["server"],
    idleTimer: server,
    request: original,
    site,
    mayDelayHeaders: false,
  });
  const { status } = await service.app.handle(copy);
  return { status, timeouts };
}

test.each(slow)("%s %s may be silent: its connection has no idle timeout", async (method, path) => {
  expect(await timeoutsOf(method, path)).toEqual({ status: 200, timeouts: [[true, 0]] });
});

test.each(quick)("%s %s keeps the idle timeout", async (method, path) => {
  expect(await timeoutsOf(method, path)).toEqual({ status: 200, timeouts: [] });
});
