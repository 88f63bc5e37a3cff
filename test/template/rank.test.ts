import { expect, test } from "bun:test";
import { inRanks } from "../../src/template/rank.ts";
import { parseTemplate } from "../../src/template/schema.ts";

const template = (name: string, priority?: number) =>
  parseTemplate({ name, cmd: "true", priority: priority ?? null }, { defaultCwd: "/" });

test("templates start by priority, those of the same priority together, those without one last", () => {
  const templates = [template("none"), template("late", 2), template("early", -1), template("also-late", 2)];
  const ranks = inRanks(templates, (each) => each);
  expect(ranks.map((members) => members.map(({ name }) => name))).toEqual([["early"], ["late", "also-late"], ["none"]]);
});
