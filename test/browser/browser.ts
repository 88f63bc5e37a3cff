import { afterAll, beforeAll, test } from "bun:test";
import { type Browser, chromium, type Page } from "playwright-core";
import { temporaryFolder } from "../http/listen/listening.ts";

/** A tab in its own browser context, so it shares no cookies or storage. */
export interface Tab extends AsyncDisposable {
  readonly page: Page;
  /** Errors on the console and uncaught exceptions. */
  readonly errors: string[];
  /** The URL of each request, starting with the page itself. */
  readonly requests: string[];
  /** The status of each response. */
  readonly statuses: number[];
}

/** Added to the defaults of playwright-core, which already disable updates and crash reports. */
const args = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"];

const advice = "install it (apt-get install chromium) or set $CHROMIUM";

/**
 * A Chromium for all tests of a file, which must be registered with its `test`. Without Chromium they are skipped, so that
 * `npm` is enough to run the tests; under `CI` it throws instead.
 */
export function useBrowser() {
  const executablePath = process.env["CHROMIUM"] ?? Bun.which("chromium") ?? undefined;
  if (executablePath === undefined) {
    if ((process.env["CI"] ?? "") !== "")
      throw new Error(`cannot run browser tests: \`chromium\` is not in PATH; ${advice}`);
    console.warn(`skipping browser tests: \`chromium\` is not in PATH; ${advice}`);
  }
  let home: ReturnType<typeof temporaryFolder> | undefined;
  let browser: Browser | undefined;

  beforeAll(async () => {
    if (executablePath === undefined) return;
    // Chromium writes certificates and font caches to HOME even with another profile directory.
    home = temporaryFolder();
    const env = { ...process.env, HOME: home.path };
    browser = await chromium.launch({ executablePath, args, chromiumSandbox: false, env });
  });
  afterAll(async () => {
    await browser?.close();
    home?.[Symbol.dispose]();
  });

  return {
    test: test.skipIf(executablePath === undefined),
    /** Opens `url` in a new tab. `colorScheme` is the user's preference. */
    async open(url: string, settings: { colorScheme?: "light" | "dark" } = {}): Promise<Tab> {
      if (browser === undefined) throw new Error("the browser is only available in tests and hooks");
      const context = await browser.newContext(settings);
      const page = await context.newPage();
      const errors: string[] = [];
      const requests: string[] = [];
      const statuses: number[] = [];
      page.on("console", (message) => void (message.type() === "error" && errors.push(message.text())));
      page.on("pageerror", (error) => void errors.push(error.message));
      page.on("request", (request) => void requests.push(request.url()));
      page.on("response", (response) => void statuses.push(response.status()));
      await page.goto(url);
      return { page, errors, requests, statuses, [Symbol.asyncDispose]: () => context.close() };
    },
  };
}
