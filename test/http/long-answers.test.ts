import { afterAll, beforeAll, expect, test } from "bun:test";
import { Sampler } from "../../src/process/usage/sampler.ts";
import { takeUsageSample, type UsageSample } from "../../src/process/usage/usage-sample.ts";
import { countTurns, takeSlices } from "../take-slices.ts";
import { createService, type Service } from "./service.ts";

/** More than what is answered at once. */
const processes = 101;
const templates = 30;
let service: Service;
let sample: UsageSample;

beforeAll(async () => {
  const sampler = new Sampler(async () => sample);
  service = createService({ sampler });
  await service.ask("POST", "/processes", { name: "many", cmd: "sleep 60", numprocesses: processes });
  for (let number = 1; number < templates; number++) {
    await service.ask("POST", "/processes", { name: `t${number}`, cmd: "sleep 60", start: false });
  }
  await service.settle();
  sample = await takeUsageSample();
});
afterAll(async () => await service[Symbol.asyncDispose]());

test.each([
  // Reading the usage of the processes takes a step for each, so these take as many more.
  ["/stats", processes + templates],
  ["/stats/many", 2 * processes],
  ["/metrics", processes + templates],
  ["/processes?detail=true", templates],
  ["/processes?format=ini", templates],
])("%s is answered in small steps, and the event loop has turns in between", async (path, steps) => {
  const whole = await service.ask("GET", path);
  // Each turn has time for one step.
  takeSlices(steps);
  let answer = whole;
  const turns = await countTurns(async () => (answer = await service.ask("GET", path)));
  expect(turns).toBeGreaterThanOrEqual(steps);
  if (path !== "/metrics") expect(answer.body).toEqual(whole.body);
  expect(answer.status).toBe(200);
});

test("the templates in ?detail=true are all of the moment of the request, even if they change while it is answered", async () => {
  const path = "/processes?detail=true&running=true";
  const before = await service.ask("GET", path);
  takeSlices(3);
  const answering = service.ask("GET", path);
  const ended = service.manager.stop("many");
  expect((await answering).body).toEqual(before.body);
  await ended;
});

test("an answer that fails halfway is an error, not a part of the answer", async () => {
  const supervisor = service.manager.get("t20");
  const template = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(supervisor), "template")!;
  const broken = { ...supervisor.template, args: 1 };
  Object.defineProperty(supervisor, "template", { configurable: true, get: () => broken });
  takeSlices(3);
  try {
    expect(await service.ask("GET", "/processes?detail=true")).toMatchObject({
      status: 500,
      body: { error: "internal" },
    });
  } finally {
    Object.defineProperty(supervisor, "template", template);
  }
});

test.each(["/openapi.json", "/docs"])("%s is built in small steps", async (path) => {
  await using other = createService();
  takeSlices(20);
  const turns = await countTurns(async () => expect((await other.ask("GET", path)).status).toBe(200));
  expect(turns).toBeGreaterThan(20);
});
