import { afterAll, expect } from "bun:test";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { temporaryFolder } from "../../http/listen/listening.ts";
import { useDashboard } from "./dashboard.ts";

const { host, test, open } = useDashboard();
const programs = temporaryFolder();
afterAll(() => programs[Symbol.dispose]());

/**
 * Where the pictures go: `npm run screenshots` names `docs/images`, whose pictures the manual shows; otherwise a folder
 * that git ignores.
 */
const folder = process.env["SCREENSHOTS"] ?? join(import.meta.dir, "../../artefacts");

/** How long the charts run before a picture of the manual is taken. */
const chartsMs = process.env["SCREENSHOTS"] === undefined ? 0 : 60_000;

/** Limit, because the pictures are part of the package. */
const maxBytes = 100_000;

for (const colorScheme of ["light", "dark"] as const) {
  test(
    `the manual shows a template with its output, in ${colorScheme}`,
    async () => {
      await createShop();
      await using tab = await open("shop:api", { colorScheme, size: { width: 1280, height: 720 } });
      await tab.sees("slow query");
      await tab.page.getByRole("button", { name: "Processes of shop:api" }).click();
      await tab.page.getByText("1 needs attention").waitFor();
      await Bun.sleep(chartsMs);
      const picture = await takePicture(tab.page);
      expect(picture.byteLength).toBeLessThan(maxBytes);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, `dashboard-${colorScheme}.webp`), picture);
    },
    chartsMs + 30_000,
  );
}

/** Programs that a small shop might run. */
async function createShop(): Promise<void> {
  const api = `order=4000
while :; do
  order=$((order + 1))
  printf '\\033[2m%s\\033[0m \\033[32m200\\033[0m GET /orders/%d\\n' "$(date +%T)" $order
  [ $((order % 7)) = 0 ] && printf '\\033[33mslow query\\033[0m: 312 ms\\n' >&2
  head -c 1000000 /dev/zero | gzip > /dev/null
  sleep 0.4
done`;
  writeProgram("api", api);
  writeProgram("mailer", "echo cannot reach smtp.example.org >&2\nexit 1");
  const { create } = host.serving;
  const settings = { cwd: programs.path, redirect_output: ["stdout", "stderr"] };
  await create({ name: "shop:api", cmd: "./api", numprocesses: 2, redirect_input: true, ...settings });
  await create({ name: "shop:worker", cmd: "sleep 600", ...settings });
  await create({ name: "shop:mailer", cmd: "./mailer", restart: "always", backoff: "on", ...settings });
  await create({ name: "db", cmd: "sleep 600", ...settings });
  await create({ name: "import", cmd: "sleep 600", start: false, ...settings });
}

function writeProgram(name: string, script: string): void {
  const path = join(programs.path, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

/** The visible page as WebP, in a quality at which text is sharp: half the size of a PNG. */
async function takePicture(page: Page): Promise<Buffer> {
  const png = await page.screenshot();
  // The dashboard's policy does not allow other pictures.
  const converter = await page.context().newPage();
  const url = await converter.evaluate<string>(`(async () => {
    const image = new Image();
    image.src = "data:image/png;base64,${png.toString("base64")}";
    await image.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
    canvas.getContext("2d").drawImage(image, 0, 0);
    return canvas.toDataURL("image/webp", 0.9);
  })()`);
  await converter.close();
  return Buffer.from(url.slice(url.indexOf(",") + 1), "base64");
}
