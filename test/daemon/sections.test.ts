import { expect, test } from "bun:test";
import { compareSections, namesOf, needingRestart } from "../../src/daemon/sections.ts";

test("sections are added, changed, removed or unchanged, by what they say", () => {
  const before = new Map<string, unknown>([
    ["process:a", { cmd: "a" }],
    ["process:b", { cmd: "b" }],
    ["process:c", { cmd: "c" }],
  ]);
  const after = new Map<string, unknown>([
    ["process:d", { cmd: "d" }],
    ["process:c", { cmd: "c" }],
    ["process:a", { cmd: "other" }],
  ]);
  expect(compareSections(before, after)).toEqual({
    added: ["process:d"],
    changed: ["process:a"],
    removed: ["process:b"],
    unchanged: ["process:c"],
  });
});

test("a setting that is left out is not the same as one that is given", () => {
  const changes = compareSections(new Map([["process:a", { a: 1 }]]), new Map([["process:a", { a: 1, b: undefined }]]));
  expect(changes.changed).toEqual(["process:a"]);
});

test("what is settled at the start needs a restart, and nothing else does", () => {
  const changed = ["gaffer.cors_origins", "gaffer.plugins_dir", "gaffer.state_dir", "process:a"];
  const changes = { added: [], changed, removed: [], unchanged: [] };
  expect(needingRestart(changes)).toEqual(["gaffer.plugins_dir", "gaffer.state_dir"]);
});

test("names may hold colons", () => {
  expect(namesOf("process", ["process:web:api", "endpoint:x", "webhooks"])).toEqual(["web:api"]);
});
