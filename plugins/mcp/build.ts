import { rm } from "node:fs/promises";
import { join } from "node:path";

const folder = join(import.meta.dir, "dist");

/** Bundles `src/` with the MCP SDK into one file, so that gafferd needs none of its 80 packages. Throws if that fails. */
export async function buildMcp(outdir = folder): Promise<void> {
  await rm(outdir, { recursive: true, force: true });
  await Bun.build({
    entrypoints: [join(import.meta.dir, "src/server.ts")],
    outdir,
    target: "bun",
    conditions: ["bun"],
    minify: true,
  });
}

if (import.meta.main) await buildMcp();
