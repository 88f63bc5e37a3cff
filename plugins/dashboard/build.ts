import { rm } from "node:fs/promises";
import { join } from "node:path";

const site = join(import.meta.dir, "_site");

/** Bundles `src/` into `outdir` as static files. Throws an AggregateError if the build fails. */
export async function buildDashboard(outdir = site): Promise<void> {
  await rm(outdir, { recursive: true, force: true });
  await Bun.build({
    entrypoints: [join(import.meta.dir, "src/index.html")],
    outdir,
    target: "browser",
    // Use the client's sources, not its last build in `dist/`.
    conditions: ["bun"],
    minify: true,
    // Browsers keep files with a content hash in their names for ever. The page that refers to them has no hash.
    naming: { entry: "[name].[ext]", chunk: "assets/[name]-[hash].[ext]", asset: "assets/[name]-[hash].[ext]" },
  });
}

if (import.meta.main) await buildDashboard();
