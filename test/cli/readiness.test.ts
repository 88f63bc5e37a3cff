import { expect, test } from "bun:test";
import { join } from "node:path";

const readiness = join(import.meta.dir, "../../src/cli/readiness.ts");
const script = `
  import { takeReadiness } from ${JSON.stringify(readiness)};
  const report = takeReadiness();
  console.log(JSON.stringify([report?.({ urls: ["a"] }), report?.({ urls: ["b"] }), process.env.GAFFERD_READINESS, takeReadiness()]));
`;

test("a daemon reports once, and forgets that it was asked to", async () => {
  expect(await run({ GAFFERD_READINESS: "1" })).toEqual({ told: '{"urls":["a"]}\n', out: "[true,false,null,null]\n" });
});

test("who was started by nobody has nobody to report to", async () => {
  expect(await run({})).toEqual({ told: "", out: "[null,null,null,null]\n" });
});

async function run(env: Record<string, string>): Promise<{ told: string; out: string }> {
  const child = Bun.spawn({
    cmd: ["bun", "-e", script],
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit", "pipe"],
  });
  const [told, out] = await Promise.all([Bun.file(child.stdio[3] ?? -1).text(), child.stdout.text()]);
  expect(await child.exited).toBe(0);
  return { told, out };
}
