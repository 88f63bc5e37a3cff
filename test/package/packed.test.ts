import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seen, use } from "../client/program.ts";
import { useServing } from "../http/serving.ts";

const root = join(import.meta.dir, "../..");
const installTimeoutMs = 180_000;
/** The package as `npm pack` writes it. */
let tarball: string;
/** A Node project in which only this package is installed. */
let project: string;
let folder: string;

/** A PATH with Node and npm, and without Bun. */
const plainPath = ["/usr/local/bin", "/usr/bin", "/bin"].filter((each) => !hasBun(each)).join(":");

const host = useServing();

// Skipped offline, except in CI.
const isReachable = Boolean(process.env["CI"]) || (await reachesRegistry());

describe.skipIf(!isReachable)("the packed package in an empty Node project", () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "gafferd-packed-"));
    project = join(folder, "project");
    await succeed(["npm", "pack", "--silent", "--pack-destination", folder], { cwd: root, PATH: process.env["PATH"] });
    tarball = join(folder, readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? "none.tgz");
    await Bun.write(join(project, "package.json"), `{ "name": "project", "private": true }`);
    await succeed(["npm", "install", "--prefer-offline", "--no-audit", "--no-fund", tarball], { cwd: project });
  }, installTimeoutMs);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("runs `gafferd` when Bun is not on the PATH", async () => {
    const { name, version } = await Bun.file(join(root, "package.json")).json();
    expect(await succeed(["npx", "gafferd", "--version"], { cwd: project })).toBe(`${name} ${version}\n`);
    expect(await succeed(["npm", "exec", "--", "gafferd", "--check"], { cwd: project })).toContain("127.0.0.1:5000");
  });

  test("runs `gafferd` under `bun x`", async () => {
    const out = await succeed([process.execPath, "x", "gafferd", "--version"], { cwd: project });
    expect(out).toStartWith("gafferd ");
  });

  test("has the MCP server, without a package of it", async () => {
    const message = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });
    const command = `echo '${message}' | npx gafferd mcp --url=${host.serving.url}`;
    expect(await succeed(["sh", "-c", command], { cwd: project })).toContain(`"name":"search"`);
    expect(readdirSync(join(project, "node_modules"))).not.toContain("@modelcontextprotocol");
  });

  test.each(["mjs", "cjs"])("has a client that works in a Node program (.%s)", async (extension) => {
    const load =
      extension === "mjs"
        ? `import { createClient } from "gafferd/client";`
        : `const { createClient } = require("gafferd/client");`;
    const program = `${load}\n(async () => {${use("createClient", host.serving.url)}\nconsole.log(JSON.stringify(seen)); })();`;
    await Bun.write(join(project, `program.${extension}`), program);
    expect(JSON.parse(await succeed(["node", `program.${extension}`], { cwd: project }))).toEqual(seen);
  });

  test("fails in Node with a message that names `gafferd/client` when a program imports `gafferd`", async () => {
    await Bun.write(join(project, "embed.mjs"), `import "gafferd";`);
    const { err, status } = await run(["node", "embed.mjs"], { cwd: project });
    expect(status).toBe(1);
    expect(err).toContain("`gafferd` runs only in Bun programs; in Node and browsers, import `gafferd/client`");
  });

  test.each([
    ["nodenext", "nodenext", "mts", "node"],
    ["nodenext", "nodenext", "cts", "node"],
    ["node16", "node16", "mts", "dom"],
    ["node16", "node16", "cts", "dom"],
    ["esnext", "bundler", "ts", "dom"],
    ["preserve", "bundler", "ts", "dom"],
    ["commonjs", "bundler", "ts", "node"],
  ])(
    "has types for `module` %s, `moduleResolution` %s, a .%s file and the types of %s",
    async (module, moduleResolution, extension, platform) => {
      const file = `typed.${extension}`;
      await Bun.write(join(project, file), typedProgram);
      const compilerOptions = {
        target: "es2022",
        module,
        moduleResolution,
        lib: platform === "dom" ? ["es2023", "dom", "dom.iterable", "dom.asynciterable"] : ["es2023"],
        types: platform === "dom" ? [] : ["node"],
        typeRoots: [join(root, "node_modules/@types")],
        strict: true,
        exactOptionalPropertyTypes: true,
        skipLibCheck: false,
        noEmit: true,
      };
      await Bun.write(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, include: [file] }));
      const { out, status } = await run([join(root, "node_modules/.bin/tsc"), "--project", project], { cwd: project });
      expect(out).toBe("");
      expect(status).toBe(0);
    },
  );

  test("passes @arethetypeswrong/cli for `import`, `require`, bundlers and node10", async () => {
    const attw = join(root, "node_modules/.bin/attw");
    const out = await succeed([attw, tarball, "--entrypoints", "client", "--format", "json"], { cwd: folder });
    const { analysis } = JSON.parse(out) as { analysis: { problems: unknown[]; types: unknown } };
    expect(analysis.problems).toEqual([]);
  });

  test("passes publint", async () => {
    const out = await succeed([join(root, "node_modules/.bin/publint"), tarball, "--strict"], { cwd: folder });
    expect(out).toContain("All good!");
  });
});

/** Uses the client, and contains one error that only the types can find. */
const typedProgram = `
  import { createClient, GafferdClientError, type StatusDocument, type TailItem } from "gafferd/client";
  const client = createClient("http://127.0.0.1:5000");
  export async function main(): Promise<StatusDocument["state"] | undefined> {
    for await (const item of client.tail("web")) show(item);
    await client.create({ name: "web", cmd: "./server", numprocesses: 2 }).catch((error: unknown) => {
      if (!(error instanceof GafferdClientError && error.code === "conflict")) throw error;
    });
    // @ts-expect-error An object is not a number.
    await client.create({ name: "web", cmd: "./server", numprocesses: { many: true } });
    return (await client.describe())[0]?.status.state;
  }
  function show(item: TailItem): string {
    return item.type === "output" ? item.text : item.id;
  }
`;

async function run(cmd: string[], { cwd, PATH = plainPath }: { cwd: string; PATH?: string | undefined }) {
  const env = { ...process.env, PATH: PATH ?? plainPath };
  const child = Bun.spawn({ cmd, cwd, env, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [out, err, status] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { out, err, status };
}

async function succeed(cmd: string[], options: { cwd: string; PATH?: string | undefined }): Promise<string> {
  const { out, err, status } = await run(cmd, options);
  if (status !== 0) throw new Error(`${cmd.join(" ")} ended with status ${status}: ${out}${err}`);
  return out;
}

function hasBun(path: string): boolean {
  return Bun.which("bun", { PATH: path }) !== null;
}

async function reachesRegistry(): Promise<boolean> {
  const { status } = await run(["npm", "ping", "--fetch-retries=0", "--fetch-timeout=5000"], { cwd: tmpdir() });
  return status === 0;
}
