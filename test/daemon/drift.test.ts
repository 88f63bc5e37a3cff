import { expect, test } from "bun:test";
import { describeDrift } from "../../src/daemon/drift.ts";
import { parseTemplate } from "../../src/template/schema.ts";

const template = (settings: object = {}) =>
  parseTemplate({ name: "web", cmd: "sleep 60", ...settings }, { defaultCwd: "/" });

test.each([
  ["deleted", undefined, "was deleted at runtime"],
  ["scaled", template({ numprocesses: 3 }), "was scaled at runtime from 1 to 3"],
  ["changed", template({ env: { A: "1" }, numprocesses: 3 }), "was changed at runtime (env, numprocesses)"],
  ["replaced by an equal one", template(), "was replaced at runtime"],
])("a template that was %s", (_, running, expected) => {
  expect(describeDrift(running, template())).toBe(expected);
});
