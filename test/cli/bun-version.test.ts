import { expect, test } from "bun:test";
import { join } from "node:path";
import { refuseBun } from "../../src/cli/bun-version.ts";

test.each(["1.4.5", "1.4.6", "1.4.10", "1.5.0", "1.10.0", "2.0.0", "1.4.6-canary.3", Bun.version])(
  "Bun %s is good enough",
  (version) => {
    expect(refuseBun(version)).toBeUndefined();
  },
);

test.each(["1.3.14", "1.4.4", "1.4", "0.9.9", "1.4.0-canary.1"])(
  "Bun %s is refused, and why, and what to do",
  (version) => {
    expect(refuseBun(version)).toMatch(new RegExp(`this is Bun ${RegExp.escape(version)}.*\`uid\`.*bun upgrade`));
  },
);

test("what is not Bun is refused", () => {
  expect(refuseBun(undefined)).toContain("this is not Bun");
});

test("the version is asked before anything is imported that an old Bun could fail on", async () => {
  const source = await Bun.file(join(import.meta.dir, "../../src/main.ts")).text();
  const imported = [...source.matchAll(/^import .*"(.+)";$/gm)].map(([, path]) => path);
  expect(imported).toEqual(["./cli/bun-version.ts", "./cli/exit-status.ts", "./cli/steady-threads.ts"]);
  expect(source.indexOf("refuseBun(globalThis")).toBeLessThan(source.indexOf("await import("));
});
