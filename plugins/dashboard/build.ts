import { rm } from "node:fs/promises";
import { join } from "node:path";

const site = join(import.meta.dir, "_site");

/** Bundles `src/` into `outdir`, which then needs nothing but a server of files. Throws an AggregateError with what is wrong. */
export async function buildDashboard(outdir = site): Promise<void> {
  await rm(outdir, { recursive: true, force: true });
  await Bun.build({
    entrypoints: [join(import.meta.dir, "src/index.html")],
    outdir,
    target: "browser",
    // The client as it is in this tree, not as it was built last.
    conditions: ["bun"],
    minify: true,
    // The hash tells the content, so that browsers keep it for ever; the page, which names them, has none.
    naming: { entry: "[name].[ext]", chunk: "assets/[name]-[hash].[ext]", asset: "assets/[name]-[hash].[ext]" },
  });
}

if (import.meta.main) await buildDashboard();
