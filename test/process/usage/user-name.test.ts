import { expect, test } from "bun:test";
import { userName } from "../../../src/process/usage/user-name.ts";

test("a user without a name is shown as a number", () => {
  const { stdout } = Bun.spawnSync(["id", "-un"]);
  expect(userName(process.geteuid?.() ?? -1)).toBe(stdout.toString().trim());
  expect(userName(4_000_000_000)).toBe("4000000000");
});
