import { expect, test } from "bun:test";
import { join } from "node:path";
import { usesColours } from "../../src/cli/colours.ts";

const script = `import { usesColours } from "${join(import.meta.dir, "../../src/cli/colours.ts")}";
process.exit(usesColours(1) ? 10 : 20);`;

test.each([
  [{ TERM: "xterm" }, 10],
  [{ TERM: "xterm", NO_COLOR: "1" }, 20],
  [{ TERM: "xterm", NO_COLOR: "" }, 10],
  [{ TERM: "dumb" }, 20],
])("a terminal with %j exits with %d: 10 means colours, 20 means none", async (env, status) => {
  const child = Bun.spawn({
    cmd: ["bun", "-e", script],
    env: { PATH: process.env["PATH"] ?? "", ...env },
    terminal: { cols: 80, rows: 24 },
  });
  expect(await child.exited).toBe(status);
  child.terminal?.close();
});

test("there are no colours without a terminal", () => {
  expect(usesColours(99, { TERM: "xterm" })).toBe(false);
});
