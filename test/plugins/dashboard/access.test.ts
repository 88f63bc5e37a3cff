import { expect } from "bun:test";
import type { Page } from "playwright-core";
import { startCutter } from "../../http/feed/cutter.ts";
import { waitFor } from "../../wait-for.ts";
import { keepScreenshot, useDashboard } from "./dashboard.ts";

const { host, test, open } = useDashboard();

const axe = await Bun.file(Bun.resolveSync("axe-core/axe.min.js", import.meta.dir)).text();

/** The rules of WCAG 2.2 A and AA, and best practices, that the page violates, each with the element. */
async function faults(page: Page): Promise<string[]> {
  // Through the debugger, because the page's policy does not allow other scripts.
  await page.evaluate(`${axe}; undefined;`);
  return await page.evaluate<string[]>(`axe
    .run(document, { resultTypes: ["violations"] })
    .then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => id + ": " + target)))`);
}

/** A bit of everything: states, groups, outputs with colours. */
async function populate(): Promise<void> {
  const { create } = host.serving;
  const web = `while :; do printf '\\033[32mok\\033[0m GET / 200\\n'; printf '\\033[31merror\\033[0m slow\\n' >&2; sleep 0.2; done`;
  await create({ name: "web:api", cmd: web, shell: true, numprocesses: 2, redirect_input: true });
  await create({ name: "web:worker", cmd: "sleep 600" });
  await create({ name: "broken", cmd: "false", restart: "always", flapping: "2, 10s, 1h, 5" });
  await create({ name: "idle", cmd: "sleep 600", start: false });
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`passes the accessibility rules of axe, in ${colorScheme}`, async () => {
    await populate();
    await using tab = await open("web:api", { colorScheme, size: { width: 1280, height: 800 } });
    const { page } = tab;
    await tab.sees("error slow");
    await page.getByRole("button", { name: "Processes of web:api" }).click();
    await page.getByText("1 needs attention").waitFor();
    expect(await faults(page)).toEqual([]);
    await keepScreenshot(page, `dashboard-${colorScheme}`);

    await page.setViewportSize({ width: 400, height: 800 });
    expect(await faults(page)).toEqual([]);
    await keepScreenshot(page, `dashboard-${colorScheme}-narrow`);
    const overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
    expect(await page.evaluate<number>(overflow)).toBe(0);

    await page.keyboard.press("n");
    await page.getByRole("dialog").getByRole("button", { name: "Add" }).click();
    await page.getByText("must be a non-empty string").waitFor();
    expect(await faults(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys and settings" }).waitFor();
    expect(await faults(page)).toEqual([]);
    expect(tab.requests.filter((url) => !url.startsWith(host.serving.url) && !url.startsWith("data:"))).toEqual([]);
  });
}

test("explains how to add a template when there is none", async () => {
  await using tab = await open();
  const { page } = tab;
  await page.getByRole("heading", { name: "No templates yet" }).waitFor();
  const command = (await page.locator("pre").textContent()) ?? "";
  expect(await faults(page)).toEqual([]);
  await keepScreenshot(page, "dashboard-empty");
  const shell = Bun.spawn(["sh", "-c", command], { stdout: "ignore", stderr: "ignore" });
  expect(await shell.exited).toBe(0);
  await page.getByRole("link", { name: "hello" }).click();
  await page.getByText("1 of 1 running").waitFor();
});

test("can be used with the keyboard alone", async () => {
  await host.serving.create({ name: "first", cmd: "sleep 600" });
  await host.serving.create({ name: "second", cmd: "exec cat", shell: true, redirect_input: true, start: false });
  const second = () => host.serving.daemon.manager.get("second");
  await using tab = await open();
  const { page } = tab;
  const { keyboard } = page;
  const focused = () => page.evaluate<string>("document.activeElement.id || document.activeElement.textContent");
  await page.getByRole("link", { name: "second" }).waitFor();

  await keyboard.press("j");
  await page.getByRole("heading", { name: "first" }).waitFor();
  await waitFor(async () => (await focused()) === "first", "the focus on the first row");
  await keyboard.press("ArrowDown");
  await page.getByRole("heading", { name: "second" }).waitFor();
  await keyboard.press("s");
  await waitFor(() => second().processes.length === 1, "the start");
  await page.getByText("1 of 1 running").waitFor();
  await keyboard.press("+");
  await waitFor(() => second().processes.length === 2, "another process");
  await page.getByText("2 of 2 running").waitFor();
  await keyboard.press("-");
  await page.getByText("1 of 1 running").waitFor();

  await keyboard.press("i");
  expect(await focused()).toBe("stdin");
  await keyboard.type("spoken, not clicked?");
  await keyboard.press("Enter");
  await tab.sees("spoken, not clicked?");
  await keyboard.press("Escape");
  await keyboard.press("p");
  await page.getByText("paused").waitFor();
  await keyboard.press("f");
  expect(await focused()).toBe("search");
  await keyboard.press("Escape");
  await keyboard.press("x");
  await waitFor(() => second().processes.length === 0, "the stop");
  await keyboard.press("Escape");
  await page.getByText("Select a template").waitFor();
  await keyboard.press("/");
  await keyboard.type("fir");
  await page.getByRole("link", { name: "second" }).waitFor({ state: "detached" });
  await keyboard.type(" of none");
  await page.getByText("No template matches the filter").waitFor();
});

test("lets Tab leave the terminal, and keeps the focus in a dialog", async () => {
  await host.run("seq 1 500; exec sleep 600");
  await using tab = await open(host.lastName, { size: { width: 1280, height: 800 } });
  const { page } = tab;
  const { keyboard } = page;
  await tab.sees("500");
  await page.locator(".xterm-helper-textarea").focus();
  await keyboard.press("Home");
  await waitFor(async () => (await tab.lines())[0] === "1", "the first line");
  await keyboard.press("End");
  await tab.sees("500");
  await keyboard.press("Tab");
  expect(await page.evaluate<boolean>("document.activeElement.closest('.xterm') === null")).toBe(true);

  await keyboard.press("?");
  await page.getByRole("dialog").waitFor();
  for (let step = 0; step < 8; step += 1) {
    await keyboard.press("Tab");
    const isInside = "document.activeElement === document.body || document.activeElement.closest('dialog') !== null";
    expect(await page.evaluate<boolean>(isInside)).toBe(true);
  }
  await keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
});

test("can turn off single-letter shortcuts, and remembers that", async () => {
  await host.serving.create({ name: "web", cmd: "sleep 600" });
  await using tab = await open("web");
  const { page } = tab;
  await page.keyboard.press("?");
  await page.getByLabel("Use single letters as shortcuts").uncheck();
  await page.keyboard.press("Escape");
  await page.reload();
  await page.getByText("1 of 1 running").waitFor();
  await page.keyboard.press("x");
  await page.keyboard.press("?");
  expect(await page.getByRole("dialog").count()).toBe(0);
  expect(host.serving.daemon.manager.get("web").processes).toHaveLength(1);
});

test("announces events to screen readers", async () => {
  const pid = await host.run("exec sleep 600");
  await using tab = await open();
  await tab.page.getByText("1 process").waitFor();
  host.serving.process(pid).signal(9);
  const said = tab.page.getByRole("status").filter({ hasText: `${host.lastName}: process ${pid} exited with SIGKILL` });
  await said.waitFor({ state: "attached" });
});

test("is dark or light as chosen, whatever the system's setting", async () => {
  await using tab = await open("", { colorScheme: "light" });
  const ground = "getComputedStyle(document.documentElement).backgroundColor";
  const hasGround = async (colour: string) =>
    await waitFor(async () => (await tab.page.evaluate(ground)) === colour, `the ground ${colour}`);
  await hasGround("rgb(244, 246, 248)");
  await tab.page.getByLabel("Theme").selectOption("dark");
  await hasGround("rgb(21, 25, 29)");
  await tab.page.reload();
  await tab.page.locator("main").waitFor();
  await hasGround("rgb(21, 25, 29)");
});

test("shows that there are no templates only after the daemon has answered, and retries until then", async () => {
  await using tab = await open("about");
  const { page } = tab;
  await page.getByRole("heading", { name: "No templates yet" }).waitFor();
  await page.route("**/processes?detail=true", (route) =>
    route.fulfill({ status: 503, json: { error: "overloaded", message: "no" } }),
  );
  await page.reload();
  await page.getByRole("alert").waitFor();
  expect(await page.getByRole("heading", { name: "No templates yet" }).count()).toBe(0);
  await page.unroute("**/processes?detail=true");
  await page.getByRole("heading", { name: "No templates yet" }).waitFor();
  expect(await page.getByRole("alert").count()).toBe(0);
});

test("shows a lost connection without breaking an accessibility rule", async () => {
  await using cutter = await startCutter(host.serving.url);
  await host.serving.create({ name: "web", cmd: "sleep 600" });
  await using tab = await open("", { url: cutter.url });
  cutter.upstream = undefined;
  cutter.cutAll();
  await tab.page.getByRole("alert").waitFor();
  expect(await faults(tab.page)).toEqual([]);
  await keepScreenshot(tab.page, "dashboard-away");
});
