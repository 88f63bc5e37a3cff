import { rename, rm } from "node:fs/promises";
import { join } from "node:path";

const root = join(import.meta.dir, "../..");

/** The module that Node loads when a program imports the daemon, which needs Bun. */
const needsBun = `throw new Error("\`gafferd\` runs only in Bun programs; in Node and browsers, import \`gafferd/client\`");\n`;

/**
 * Writes the client for Node, bundlers and TypeScript into `outdir`: an ES module and a CommonJS module, with type
 * declarations for each. Throws an Error with the output of the compiler.
 */
export async function buildClient(outdir = join(root, "dist")): Promise<void> {
  const draft = `${outdir}.${process.pid}`;
  try {
    await buildModules(draft);
    await buildDeclarations(draft);
    await Bun.write(join(draft, "needs-bun.js"), needsBun);
    await rm(outdir, { recursive: true, force: true });
    await rename(draft, outdir);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function buildModules(outdir: string): Promise<void> {
  for (const [format, extension] of [
    ["esm", "js"],
    ["cjs", "cjs"],
  ] as const) {
    const naming = `client.${extension}`;
    await Bun.build({ entrypoints: [join(root, "src/client/client.ts")], outdir, target: "browser", format, naming });
  }
}

/** A file for each source: `types/**.d.ts` for `import`, `types/**.d.cts` for `require`. */
async function buildDeclarations(outdir: string): Promise<void> {
  const types = join(outdir, "types");
  const compiler = join(root, "node_modules/.bin/tsc");
  const tsc = Bun.spawn([compiler, "--project", join(import.meta.dir, "client.tsconfig.json"), "--outDir", types], {
    stdout: "pipe",
  });
  const [output, status] = await Promise.all([tsc.stdout.text(), tsc.exited]);
  if (status !== 0) throw new Error(`cannot write the client's type declarations:\n${output}`);
  for await (const path of new Bun.Glob("**/*.d.ts").scan(types)) {
    const source = await Bun.file(join(types, path)).text();
    await Bun.write(join(types, path), withExtension(source, "js"));
    await Bun.write(join(types, path.replace(/\.d\.ts$/, ".d.cts")), withExtension(source, "cjs"));
  }
}

/** TypeScript 7.0.2 leaves the `.ts` of imports in declarations, even with `rewriteRelativeImportExtensions`. */
function withExtension(declarations: string, extension: "js" | "cjs"): string {
  return declarations.replaceAll(/(\bfrom |\bimport\()"(\.[^"]*)\.ts"/g, `$1"$2.${extension}"`);
}

if (import.meta.main) await buildClient();
