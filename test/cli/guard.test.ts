import { expect, test } from "bun:test";
import { join } from "node:path";

const guard = join(import.meta.dir, "../../src/cli/guard.ts");

test("unhandled errors after the start are logged, and the program continues", async () => {
  const { out, err } = await run(`
    installGuard().endStart();
    setTimeout(() => { throw new Error("in a timer") }, 1);
    void Promise.reject(new Error("unawaited"));
    setTimeout(() => console.log("alive"), 30);
  `);
  expect(out).toBe("alive\n");
  expect(err).toMatch(/error unhandled error; continuing\n {4}Error: unawaited\n {4}at /);
  expect(err).toMatch(/unhandled error; continuing\n {4}Error: in a timer\n/);
});

test("an unhandled error is logged with the name of the plugin that caused it", async () => {
  const { err } = await run(`
    installGuard().endStart((error) => error.message === "theirs" ? "dummy" : undefined);
    setTimeout(() => { throw new Error("theirs") }, 1);
    setTimeout(() => { throw new Error("ours") }, 2);
    setTimeout(() => {}, 30);
  `);
  expect(err).toMatch(/error plugin dummy: unhandled error; continuing\n {4}Error: theirs\n/);
  expect(err).toMatch(/error unhandled error; continuing\n {4}Error: ours\n/);
});

test.each([
  ["an error in a timer", `setTimeout(() => { throw new Error("first") }, 1)`, "first"],
  ["a rejection", `void Promise.reject(new Error("first"))`, "first"],
  ["a rejection without a reason", "void Promise.reject()", "a promise was rejected without a reason"],
])("%s during the start is returned to the caller", async (_, stray, message) => {
  const { out, err } = await run(`
    const guard = installGuard();
    ${stray};
    setTimeout(() => {
      void Promise.reject(new Error("second"));
      setTimeout(() => console.log(guard.endStart().message), 20);
    }, 10);
  `);
  expect({ out, err }).toEqual({ out: `${message}\n`, err: "" });
});

test("a start without unhandled errors returns none", async () => {
  expect(await run("console.log(installGuard().endStart())")).toMatchObject({ out: "undefined\n" });
});

async function run(script: string): Promise<{ out: string; err: string }> {
  const source = `import { installGuard } from ${JSON.stringify(guard)};\n${script}`;
  const child = Bun.spawn({ cmd: ["bun", "-e", source], stdout: "pipe", stderr: "pipe" });
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  expect(await child.exited).toBe(0);
  return { out, err };
}
