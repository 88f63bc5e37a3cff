import { expect, test } from "bun:test";
import { templatesInGroup, groupNames } from "../../src/manager/groups.ts";

const names = ["web:api", "cron", "jobs:mail", "web:page:1"];

test("groups are the parts of names before the first colon, in the order of their first members", () => {
  expect(groupNames(names)).toEqual(["web", "jobs"]);
  expect(groupNames(["cron"])).toEqual([]);
});

test("the members of a group keep their order", () => {
  expect(templatesInGroup("web", names)).toEqual(["web:api", "web:page:1"]);
});

test("an unknown group is an error that suggests a similar group", () => {
  expect(() => templatesInGroup("wbe", names)).toThrow("there is no group `wbe`; did you mean `web`?");
  expect(() => templatesInGroup("cron", names)).toThrow("there is no group `cron`");
});
