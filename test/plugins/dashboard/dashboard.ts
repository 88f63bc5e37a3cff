import { afterAll, beforeAll } from "bun:test";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { buildDashboard } from "../../../plugins/dashboard/build.ts";
import { type Tab, useBrowser } from "../../browser/browser.ts";
import { temporaryFolder } from "../../http/listen/listening.ts";
import { useServing } from "../../http/serving.ts";
import { waitFor } from "../../wait-for.ts";

export interface DashboardTab extends Tab {
  /** The text of the terminal's visible lines, without empty ones at the end. */
  lines(): Promise<string[]>;
  /** Resolves when a visible line contains `text`. */
  sees(text: string): Promise<void>;
}

export interface OpenSettings {
  readonly colorScheme?: "light" | "dark";
  /** The URL under which the page reaches the daemon; default: its own. */
  readonly url?: string;
  readonly size?: { readonly width: number; readonly height: number };
}

/** A daemon that serves the dashboard, built from the current sources, and a browser to view it. */
export function useDashboard() {
  beforeAll(async () => await buildDashboard());
  const noPlugins = temporaryFolder();
  afterAll(() => noPlugins[Symbol.dispose]());
  const host = useServing({ sites: { pluginsDir: noPlugins.path, bundledPlugins: ["dashboard"] } });
  const browser = useBrowser();
  return {
    host,
    test: browser.test,
    /** Opens the dashboard at a place such as `web/12`. Chromium's window is tall, so that much is visible. */
    async open(place = "", { colorScheme = "light", url = host.serving.url, size }: OpenSettings = {}) {
      const tab = await browser.open("about:blank", { colorScheme });
      // Shorter than a test's timeout, so that the error names what did not appear.
      tab.page.setDefaultTimeout(10_000);
      await tab.page.setViewportSize(size ?? { width: 1280, height: 1600 });
      await tab.page.goto(`${url}/_plugin/dashboard/#/${place}`);
      await tab.page.locator("main").waitFor();
      return withTerminal(tab);
    },
  };
}

function withTerminal(tab: Tab): DashboardTab {
  const lines = async () => {
    const rows = await tab.page.locator(".xterm-rows > div").allTextContents();
    return rows
      .map((row) => row.replaceAll("\u00a0", " ").trimEnd())
      .slice(0, rows.findLastIndex((row) => row.trim() !== "") + 1);
  };
  const sees = async (text: string) =>
    void (await waitFor(
      async () => (await lines()).some((line) => line.includes(text)),
      `\`${text}\` in the terminal`,
    ));
  return Object.assign(tab, { lines, sees });
}

/** Saves a picture of the page, for people, in a folder that git ignores. */
export async function keepScreenshot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(import.meta.dir, "../../artefacts", `${name}.png`) });
}
