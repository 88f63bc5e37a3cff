import { describe, expect, test } from "bun:test";
import { adviseRoute } from "../../../src/http/operation/nearest-route.ts";
import { createService } from "../service.ts";

const { app } = createService();
const advise = (line: string) => {
  const [method = "", path = ""] = line.split(" ");
  return adviseRoute(method, path, app.routes);
};

describe("an unknown path suggests the nearest route", () => {
  test.each([
    ["POST /processes/a/_stat", "POST /processes/a/_start"],
    ["POST /processes/a/start", "POST /processes/a/_start"],
    ["POST /processes/a/_restrat", "POST /processes/a/_restart"],
    ["POST /processes/a/_signals/HUP", "POST /processes/a/_signal/HUP"],
    ["POST /processes/a/_stop/now", "POST /processes/a/_stop"],
    ["GET /processes/a/pids", "GET /processes/a/_pids"],
    ["GET /processes/a/stop", "POST /processes/a/_stop"],
    ["GET /process/a", "GET /processes/a"],
    ["DELETE /process/a", "DELETE /processes/a"],
    ["GET /Processes", "GET /processes"],
    ["GET /stat/a", "GET /stats/a"],
    ["GET /doc", "GET /docs"],
    ["GET /openapi", "GET /openapi.json"],
    ["GET /openapi.yaml", "GET /openapi.json"],
    ["POST /stream/1/stdin", "POST /streams/1/stdin"],
    ["POST /group/a/_stop", "POST /groups/a/_stop"],
    ["POST /reload", "POST /_reload"],
    ["GET /processes/a%20b/pids/", "GET /processes/a%20b/_pids"],
  ])("%s: did you mean %s", (asked, meant) => {
    expect(advise(asked)).toBe(`did you mean \`${meant}\`?`);
  });

  test("an unknown action lists the existing actions", () => {
    const actions = "/processes/a has _add, _history, _pids, _restart, _signal, _start, _stop, _sub";
    expect([advise("POST /processes/a/_kill"), advise("POST /processes/a/_scale/3")]).toEqual([actions, actions]);
  });

  test("a long path is not repeated", () => {
    const name = "x".repeat(5000);
    expect(advise(`GET /processes/${name}/_pid`)).toBe("did you mean `GET /processes/:id/_pids`?");
    expect(advise(`GET /processes/${name}/_kill`)).toStartWith("/processes/:id has _add, ");
    expect(advise(`GET /${name}`)).toBeUndefined();
  });

  test.each(["GET /health", "GET /x", "GET //processes"])("%s suggests nothing", (asked) => {
    expect(advise(asked)).toBeUndefined();
  });
});

test.each(app.routes.map(({ method, path }) => [method, path] as const))(
  "a typo in the last literal part of %s %s suggests it, or an equally near route",
  (method, path) => {
    const names = path.split("/").filter((name) => name !== "" && !name.startsWith(":"));
    const last = names.at(-1);
    if (last === undefined || last.length < 4) return;
    const slip = path.replace(last, `${last.slice(0, 2)}${last.slice(3)}`).replaceAll(/:\w+/g, "7");
    expect(adviseRoute(method, slip, app.routes)).toMatch(/^did you mean `[A-Z]+ \/.*`\?$/);
  },
);

test("the message names the request, the nearest route and the documentation page", async () => {
  await using service = createService();
  const { status, body } = await service.ask("POST", "/processes/web/_stat");
  expect([status, body]).toEqual([
    404,
    {
      error: "resource_not_found",
      message:
        "there is no route `POST /processes/web/_stat`; did you mean `POST /processes/web/_start`? GET /docs describes all routes",
    },
  ]);
  const far = (await service.ask("GET", `/${"x".repeat(5000)}`)).body as { message: string };
  expect(far.message).toMatch(/^there is no route `GET \/x{99}…`; GET \/docs describes all routes$/);
});
