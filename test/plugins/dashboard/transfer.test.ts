import { expect, test } from "bun:test";
import { buildDashboard } from "../../../plugins/dashboard/build.ts";
import { temporaryFolder } from "../../http/listen/listening.ts";
import { serve } from "../../http/serving.ts";

test("a browser downloads less than 200 KB, and later requests only the page again", async () => {
  await buildDashboard();
  using folder = temporaryFolder();
  const { url, daemon } = await serve({ sites: { pluginsDir: folder.path, bundledPlugins: ["dashboard"] } });
  const page = `${url}/_plugin/dashboard/`;
  const html = await (await fetch(page)).text();
  const assets = [...html.matchAll(/(?:src|href)="(\.\/assets\/[^"]+)"/g)].map(
    ([, path = ""]) => new URL(path, page).href,
  );
  expect(assets).toHaveLength(2);
  for (const encoding of ["gzip", "zstd"]) {
    const ask = (at: string) => fetch(at, { headers: { "accept-encoding": encoding }, decompress: false });
    const answers = await Promise.all([page, ...assets].map(ask));
    const sizes = await Promise.all(answers.map(async (answer) => (await answer.bytes()).length));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(200_000);
    expect(answers.map(({ headers }) => headers.get("cache-control"))).toEqual([
      "no-cache",
      ...assets.map(() => "public, max-age=31536000, immutable"),
    ]);
  }
  await daemon.stop();
});
