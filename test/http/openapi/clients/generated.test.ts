import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../../listen/listening.ts";
import { useServing } from "../../serving.ts";

const root = join(import.meta.dir, "../../../..");
const host = useServing();
const folder = temporaryFolder();
const timeoutMs = 60_000;

/** Programs that use a generated client: each does the same, and prints what came of it. */
const programs = ["openapi-typescript", "hey-api", "oazapfts"];

interface Ran {
  readonly exit: number;
  readonly text: string;
}

async function run(...command: string[]): Promise<Ran> {
  const child = Bun.spawn(command, { cwd: folder.path, stdout: "pipe", stderr: "pipe" });
  const [out, faults] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { exit: await child.exited, text: out + faults };
}

beforeAll(async () => {
  await Bun.write(join(folder.path, "openapi.json"), await fetch(`${host.serving.url}/openapi.json`));
  const generate = ["--preload", join(import.meta.dir, "typescript-5.ts"), join(import.meta.dir, "generate.ts")];
  expect(await run(process.execPath, ...generate, folder.path)).toMatchObject({ exit: 0 });
  cpSync(join(import.meta.dir, "programs"), join(folder.path, "programs"), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(folder.path, "node_modules"));
}, timeoutMs);
afterAll(() => folder[Symbol.dispose]());

test(
  "the code of all of them passes the compiler, and so do programs that leave out what has a default",
  async () => {
    const options = [
      "--strict",
      "--noEmit",
      "--skipLibCheck",
      "--target",
      "esnext",
      "--lib",
      "esnext,dom,dom.iterable",
    ];
    const modules = ["--module", "preserve", "--moduleResolution", "bundler", "--allowImportingTsExtensions"];
    const files = programs.map((name) => `programs/${name}.ts`);
    const compiler = join(root, "node_modules/.bin/tsc");
    expect(await run(compiler, ...options, ...modules, "--types", "node", ...files)).toEqual({ exit: 0, text: "" });
  },
  timeoutMs,
);

describe("talks to gafferd:", () => {
  test.each(programs)(
    "a client made by %s",
    async (name) => {
      const { exit, text } = await run(process.execPath, `programs/${name}.ts`, host.serving.url);
      expect({ exit, lines: text.trim().split("\n") }).toEqual({
        exit: 0,
        lines: [
          "created true",
          "listed web",
          "replaced true cat -u with numprocesses 1",
          "status running",
          "wrote 6",
          "refused 404 not_found",
          "deleted true",
        ],
      });
    },
    timeoutMs,
  );
});
