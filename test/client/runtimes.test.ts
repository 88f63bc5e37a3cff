import { expect, test } from "bun:test";
import { join } from "node:path";
import { temporaryFolder } from "../http/listen/listening.ts";
import { useServing } from "../http/serving.ts";
import { bundle, entry, seen, use } from "./program.ts";

const host = useServing();

async function runInNode(program: string): Promise<unknown> {
  using folder = temporaryFolder();
  const file = join(folder.path, "program.mjs");
  await Bun.write(file, program);
  const child = Bun.spawn(["node", file], { stderr: "pipe" });
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return (await child.exited) === 0 ? JSON.parse(out) : err;
}

test("it runs in Node", async () => {
  const program = `${await bundle("node")}\n${use("createClient", host.serving.url)}\nconsole.log(JSON.stringify(seen));`;
  expect(await runInNode(program)).toEqual(seen);
});

test("it needs only what browsers have", async () => {
  const code = await bundle("browser");
  // The names that the client may use, besides those of the language.
  const names = [
    "AbortController",
    "AbortSignal",
    "Headers",
    "ReadableStream",
    "TextDecoder",
    "URL",
    "URLSearchParams",
    "clearTimeout",
    "fetch",
    "setTimeout",
  ];
  const script = `(async () => {
    const { createClient } = await (async () => { ${code.replace(/^export\s*\{/m, "return {").replaceAll(/(\w+) as (\w+)/g, "$2: $1")} })();
    ${use("createClient", host.serving.url)}
    return JSON.stringify(seen);
  })()`;
  const program = `
    import { createContext, runInContext } from "node:vm";
    const { ${names.join(", ")} } = globalThis;
    const context = createContext({ ${names.join(", ")} });
    console.log(await runInContext(${JSON.stringify(script)}, context));`;
  expect(await runInNode(program)).toEqual(seen);
});

test("its types need only those of browsers", async () => {
  using folder = temporaryFolder();
  const program = `
    import { createClient, type TailItem } from "gafferd/client";
    const client = createClient(location.origin);
    for await (const item of client.tail("web")) show(item);
    function show(item: TailItem) {
      document.body.append(item.type === "output" ? item.text : item.id);
    }
    const pids: number[] = await client.processes({ running: true });
    const [state, cpu] = [(await client.describe())[0]?.status.state, (await client.stats("web")).cpu];
    console.log(pids, state, cpu);`;
  const compilerOptions = {
    target: "ESNext",
    module: "Preserve",
    moduleResolution: "bundler",
    lib: ["ESNext", "DOM", "DOM.Iterable", "DOM.AsyncIterable"],
    types: [],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    paths: { "gafferd/client": [entry] },
  };
  await Bun.write(join(folder.path, "program.ts"), program);
  await Bun.write(join(folder.path, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["program.ts"] }));
  const child = Bun.spawn(["tsc", "--project", folder.path]);
  expect(await child.stdout.text()).toBe("");
  expect(await child.exited).toBe(0);
});
