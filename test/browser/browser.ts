import { afterAll, beforeAll, test } from "bun:test";
import { type Browser, chromium, type Page } from "playwright-core";
import { temporaryFolder } from "../http/listen/listening.ts";

/** A tab of its own, without cookies or storage of another. */
export interface Tab extends AsyncDisposable {
  readonly page: Page;
  /** What the console calls an error, and what no script caught. */
  readonly errors: string[];
  /** The address of each request that the page made, itself first. */
  readonly requests: string[];
  /** The status of each answer that came. */
  readonly statuses: number[];
}

/** The defaults of playwright-core go without updates, sync and crash reports too; these it leaves to us. */
const args = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"];

const advice = "install it (apt-get install chromium), or name another in $CHROMIUM";

/**
 * Debian's Chromium for all tests of a file, which are registered with its `test`. Where there is none they are skipped,
 * so that the tests need no more than npm; but not under `CI`.
 */
export function useBrowser() {
  const executablePath = process.env["CHROMIUM"] ?? Bun.which("chromium") ?? undefined;
  if (executablePath === undefined) {
    if ((process.env["CI"] ?? "") !== "")
      throw new Error(`cannot run tests in a browser: no \`chromium\` on the PATH: ${advice}`);
    console.warn(`skipped, for there is no \`chromium\` on the PATH: ${advice}`);
  }
  let home: ReturnType<typeof temporaryFolder> | undefined;
  let browser: Browser | undefined;

  beforeAll(async () => {
    if (executablePath === undefined) return;
    // Chromium keeps certificates and caches of fonts below it, whatever its profile is.
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
    /** Goes to `url`; `colorScheme` is what the person prefers. */
    async open(url: string, settings: { colorScheme?: "light" | "dark" } = {}): Promise<Tab> {
      if (browser === undefined) throw new Error("the browser is there in tests and hooks alone");
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
