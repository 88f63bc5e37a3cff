import { expect, test } from "bun:test";
import { join } from "node:path";

const readiness = join(import.meta.dir, "../../../src/cli/launch/readiness.ts");
const script = `
  import { takeReadiness } from ${JSON.stringify(readiness)};
  const report = takeReadiness();
  console.log(JSON.stringify([report?.({ urls: ["a"] }), report?.({ urls: ["b"] }), process.env.GAFFERD_READINESS, takeReadiness()]));
`;

test("a daemon reports once and removes the variable from its environment", async () => {
  expect(await run({ GAFFERD_READINESS: "1" })).toEqual({
    report: '{"urls":["a"]}\n',
    out: "[true,false,null,null]\n",
  });
});

test("a gafferd that was not started by `gafferd --daemon` does not report", async () => {
  expect(await run({})).toEqual({ report: "", out: "[null,null,null,null]\n" });
});

async function run(env: Record<string, string>): Promise<{ report: string; out: string }> {
  const child = Bun.spawn({
    cmd: ["bun", "-e", script],
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit", "pipe"],
  });
  const [report, out] = await Promise.all([Bun.file(child.stdio[3] ?? -1).text(), child.stdout.text()]);
  expect(await child.exited).toBe(0);
  return { report, out };
}
