import { expect, test } from "bun:test";
import { compareSections, namesOf, needingRestart, withTemplates } from "../../src/daemon/sections.ts";
import { finishNow } from "../../src/slices.ts";
import { sampleTemplate } from "../process/sample-template.ts";

test("sections are added, changed, removed or unchanged", () => {
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
  expect(finishNow(compareSections(before, after))).toEqual({
    added: ["process:d"],
    changed: ["process:a"],
    removed: ["process:b"],
    drifted: [],
    unchanged: ["process:c"],
  });
});

test("a section that is unchanged in the file but runs differently has drifted", () => {
  const file = ["same", "scaled", "deleted", "edited", "ahead", "both"];
  const before = new Map<string, unknown>(file.map((name) => [`process:${name}`, { name, n: 1 }]));
  const after = new Map<string, unknown>(before);
  for (const name of ["edited", "ahead", "both"]) after.set(`process:${name}`, { name, n: 2 });
  const running = new Map<string, unknown>(before);
  running.set("process:scaled", { name: "scaled", n: 9 });
  running.set("process:deleted", undefined);
  running.set("process:ahead", { name: "ahead", n: 2 });
  running.set("process:both", { name: "both", n: 9 });
  expect(finishNow(compareSections(before, after, running))).toEqual({
    added: [],
    changed: ["process:edited", "process:both"],
    removed: [],
    drifted: ["process:scaled", "process:deleted"],
    unchanged: ["process:same", "process:ahead"],
  });
});

test("running templates replace those of the file, and nothing else does", () => {
  const sections = new Map<string, unknown>([
    ["process:web:api", 1],
    ["process:gone", 1],
    ["webhooks", 1],
  ]);
  const template = sampleTemplate();
  const running = withTemplates(sections, (name) => (name === "web:api" ? template : undefined));
  expect([...sections.keys()].map((name) => running.get(name))).toEqual([template, undefined, 1]);
});

test("a setting that is not set differs from one that is set", () => {
  const [before, after] = [{ a: 1 }, { a: 1, b: undefined }].map((value) => new Map([["process:a", value]]));
  const changes = finishNow(compareSections(before!, after!));
  expect(changes.changed).toEqual(["process:a"]);
});

test("settings that are fixed at start need a restart, and no others do", () => {
  const changed = ["gaffer.cors_origins", "gaffer.plugins_dir", "gaffer.state_dir", "process:a"];
  const changes = { added: [], changed, removed: [], drifted: [], unchanged: [] };
  expect(needingRestart(changes)).toEqual(["gaffer.plugins_dir", "gaffer.state_dir"]);
});

test("names may contain colons", () => {
  expect(namesOf("process", ["process:web:api", "endpoint:x", "webhooks"])).toEqual(["web:api"]);
});
