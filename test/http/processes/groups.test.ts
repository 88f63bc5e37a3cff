import { describe, expect, test } from "bun:test";
import { countCallTurns, useSlice } from "../../take-slices.ts";
import { createService, type Service } from "../service.ts";

async function createGroups(): Promise<Service> {
  const service = createService();
  for (const name of ["g:b", "h:x", "g:a", "lone"]) {
    await service.ask("POST", "/processes", { name, cmd: "sleep 1000" });
    await service.settle();
  }
  return service;
}

async function runningIds(service: Service): Promise<unknown> {
  await service.settle();
  return (await service.ask("GET", "/processes?running=true")).body;
}

test("/groups lists the groups, and /groups/:group its templates in order of creation", async () => {
  await using service = await createGroups();
  expect(await service.ask("GET", "/groups")).toMatchObject({ status: 200, body: ["g", "h"] });
  expect(await service.ask("GET", "/groups/g")).toMatchObject({ status: 200, body: ["g:b", "g:a"] });
});

test("_stop, _start and _restart act on all templates of a group, and on no others", async () => {
  await using service = await createGroups();
  expect(await service.ask("POST", "/groups/g/_stop")).toMatchObject({ status: 200, body: { ok: true } });
  expect(await runningIds(service)).toEqual([2, 4]);
  expect(await service.ask("POST", "/groups/g/_start")).toMatchObject({ status: 200, body: { ok: true } });
  expect(await runningIds(service)).toEqual([2, 4, 5, 6]);
  expect(service.manager.get("g:b").processes[0]?.id).toBe(5);
  expect(await service.ask("POST", "/groups/g/_restart")).toMatchObject({ status: 200, body: { ok: true } });
  expect(await runningIds(service)).toEqual([2, 4, 7, 8]);
});

test("DELETE deletes all templates of a group, and with them the group", async () => {
  await using service = await createGroups();
  expect(await service.ask("DELETE", "/groups/g")).toMatchObject({ status: 200, body: { ok: true } });
  expect((await service.ask("GET", "/processes")).body).toEqual(["h:x", "lone"]);
  expect((await service.ask("GET", "/groups")).body).toEqual(["h"]);
  expect(await service.ask("DELETE", "/groups/g")).toMatchObject({ status: 404, body: { error: "not_found" } });
});

test("if one template of a group cannot be started, the others start, and the error names it", async () => {
  await using service = await createGroups();
  await service.ask("POST", "/processes", { name: "g:0", cmd: "/no/such/program", start: false });
  await service.ask("POST", "/groups/g/_stop");
  const { status, body } = await service.ask("POST", "/groups/g/_start");
  expect([status, body]).toMatchObject([422, { error: "spawn_failed", failed: ["g:0"] }]);
  expect((await service.ask("GET", "/status/g:a")).body).toMatchObject({ running: 1 });
});

describe("an unknown group is 404 for", () => {
  test.each([
    ["GET", "/groups/none"],
    ["GET", "/groups/lone"],
    ["DELETE", "/groups/none"],
    ["POST", "/groups/none/_start"],
    ["POST", "/groups/none/_stop"],
    ["POST", "/groups/none/_restart"],
  ])("%s %s", async (method, path) => {
    await using service = await createGroups();
    const { status, body } = await service.ask(method, path);
    expect([status, body]).toEqual([404, { error: "not_found", message: expect.any(String) }]);
  });
});

test("_restart rejects an invalid flag", async () => {
  await using service = await createGroups();
  const { status, body } = await service.ask("POST", "/groups/g/_restart?spawn_first=2");
  expect([status, body]).toMatchObject([400, { error: "bad_value", field: "spawn_first" }]);
});

test.each([
  ["_start", "start"],
  ["_restart", "restart"],
])("%s of a group acts on its templates in several turns of the event loop", async (action, type) => {
  await using service = createService();
  const names = Array.from({ length: 10 }, (_, index) => `g:${index}`);
  for (const name of names) await service.ask("POST", "/processes", { name, cmd: "sleep 1000", start: false });
  const published: string[] = [];
  const turns = await countCallTurns(async (called) => {
    service.bus.subscribe((event) => {
      if (event.type !== type || !("name" in event)) return;
      published.push(event.name);
      called();
      useSlice();
    });
    expect(await service.ask("POST", `/groups/g/${action}`)).toMatchObject({ status: 200 });
  });
  expect(published).toEqual(names);
  expect(turns).toBeGreaterThan(5);
});
