import { expect } from "bun:test";
import { startCutter } from "../../http/feed/cutter.ts";
import { waitFor } from "../../wait-for.ts";
import { useDashboard } from "./dashboard.ts";

const { host, test, open } = useDashboard();

const numbered = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index}`);
/** Prints ten more lines on each SIGUSR1, and no message about the child that the signal ends. */
const teller = `exec 2>/dev/null; n=0; tell() { for i in 1 2 3 4 5 6 7 8 9 10; do n=$((n+1)); echo line $n; done; }
  trap tell USR1; tell; while :; do sleep 0.01; done`;

test("shows output as it comes, with its colours, and never as markup", async () => {
  const pid = await host.run(
    `trap 'printf "\\033[31mred\\033[0m <img src=x onerror=document.title=1>\\n"' USR1; echo ready; while :; do sleep 0.01; done`,
  );
  await using tab = await open(host.lastName);
  await tab.sees("ready");
  host.serving.process(pid).signal(10);
  await tab.sees("red <img src=x onerror=document.title=1>");
  const red = tab.page.locator(".xterm-rows span", { hasText: /^red$/ });
  expect(await red.getAttribute("class")).toContain("xterm-fg-1");
  expect(await tab.page.locator("img").count()).toBe(0);
  expect(await tab.page.title()).toBe("gafferd");
  expect(tab.errors).toEqual([]);
});

test("continues after a lost connection, with every line once", async () => {
  await using cutter = await startCutter(host.serving.url);
  const pid = await host.run(teller);
  await using tab = await open(host.lastName, { url: cutter.url });
  await tab.sees("line 10");
  for (let round = 1; round <= 4; round += 1) {
    const last = (round + 1) * 10;
    const connections = cutter.connections;
    cutter.cutAll();
    host.serving.process(pid).signal(10);
    await tab.sees(`line ${last}`);
    expect(cutter.connections).toBeGreaterThan(connections);
  }
  expect(await tab.lines()).toEqual(numbered(1, 50));
});

test("reports what was lost while the daemon was unreachable", async () => {
  await using cutter = await startCutter(host.serving.url);
  const pid = await host.run(
    `trap 'head -c 9000 /dev/zero | tr "\\0" x; echo; echo last' USR1; echo first; while :; do sleep 0.01; done`,
    { output_buffer: 4096 },
  );
  await using tab = await open(host.lastName, { url: cutter.url });
  const { page } = tab;
  await tab.sees("first");
  cutter.upstream = undefined;
  cutter.cutAll();
  const banner = page.getByRole("alert").filter({ hasText: "does not answer" });
  await banner.waitFor();
  await page.getByText("connection lost, reconnecting").waitFor();
  host.serving.process(pid).signal(10);
  const end = "first\n".length + 9000 + "\nlast\n".length;
  await waitFor(() => host.serving.process(pid).rings.get("out")?.head === end, "the flood");
  cutter.upstream = host.serving.url;
  await tab.sees("last");
  await tab.sees("4.8 KB lost");
  await page.getByText("live · 1 gap").waitFor();
  await banner.waitFor({ state: "detached" });
});

test("reconnects at once when the button is pressed", async () => {
  await using cutter = await startCutter(host.serving.url);
  await host.run("echo ready; exec sleep 600");
  await using tab = await open(host.lastName, { url: cutter.url });
  const { page } = tab;
  await tab.sees("ready");
  // From now on it never reconnects by itself.
  await page.evaluate("globalThis.setTimeout = () => 0; undefined;");
  cutter.upstream = undefined;
  cutter.cutAll();
  const banner = page.getByRole("alert");
  await banner.waitFor();
  cutter.upstream = host.serving.url;
  await banner.getByRole("button", { name: "Try now" }).click();
  await banner.waitFor({ state: "detached" });
  await page.getByText("live", { exact: true }).waitFor();
});

test("shows changes that happened while the daemon was unreachable", async () => {
  await using cutter = await startCutter(host.serving.url);
  await host.serving.create({ name: "web", cmd: "sleep 600" });
  await using tab = await open("", { url: cutter.url });
  const { page } = tab;
  const row = page.getByRole("row").filter({ hasText: "web" });
  await row.getByText("running").waitFor();
  cutter.upstream = undefined;
  cutter.cutAll();
  await page.getByRole("alert").waitFor();
  await host.serving.daemon.manager.get("web").stop();
  await host.serving.create({ name: "late", cmd: "sleep 600" });
  cutter.upstream = host.serving.url;
  await row.getByText("stopped").waitFor();
  await page.getByRole("link", { name: "late" }).waitFor();
  await page.getByRole("alert").waitFor({ state: "detached" });
});

test("closes its connections while its tab is hidden, and then continues where it was", async () => {
  const pid = await host.run(teller);
  await using tab = await open(host.lastName);
  const { bus } = host.serving.daemon;
  const hide = (isHidden: boolean) =>
    tab.page.evaluate(`Object.defineProperty(document, "hidden", { value: ${isHidden}, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));`);
  await tab.sees("line 10");
  await hide(true);
  await waitFor(() => host.serving.cursorCount() + bus.readerCount === 0, "the end of all readers");
  host.serving.process(pid).signal(10);
  await host.serving.create({ name: "late", cmd: "sleep 600" });
  await hide(false);
  await tab.sees("line 20");
  expect(await tab.lines()).toEqual(numbered(1, 20));
  await tab.page.getByRole("link", { name: "late" }).waitFor();
});

test("does not move while it is paused, and loses nothing", async () => {
  const pid = await host.run(teller);
  await using tab = await open(host.lastName);
  const { page } = tab;
  await tab.sees("line 10");
  const pause = page.getByRole("button", { name: "Pause" });
  await pause.click();
  expect(await pause.getAttribute("aria-pressed")).toBe("true");
  host.serving.process(pid).signal(10);
  await waitFor(() => (host.serving.process(pid).rings.get("out")?.head ?? 0) > 140, "the second ten lines");
  await page.evaluate("new Promise((resolve) => setTimeout(resolve, 200))");
  expect(await tab.lines()).toEqual(numbered(1, 10));
  await pause.click();
  await tab.sees("line 20");
  expect(await tab.lines()).toEqual(numbered(1, 20));
});

test("finds a text and shows the number of matches", async () => {
  const pid = await host.run(`echo a needle; echo hay; echo a Needle again; exec sleep 600`);
  await using tab = await open(`${host.lastName}/${pid}`);
  const { page } = tab;
  await tab.sees("again");
  const search = page.getByLabel("Search output");
  await search.fill("needle");
  const matches = page.getByLabel("Matches");
  await matches.getByText("1/2").waitFor();
  await search.press("Enter");
  await matches.getByText("2/2").waitFor();
  await search.press("Shift+Enter");
  await matches.getByText("1/2").waitFor();
  expect(await page.locator(".xterm-find-result-decoration").count()).toBeGreaterThanOrEqual(2);
  await search.fill("nothing like it");
  await matches.getByText("0/0").waitFor();
});

test("prefixes lines with the process if several share the terminal, and can show a single output", async () => {
  const cmd = `echo from $$; echo bad >&2; exec sleep 600`;
  await host.serving.create({ name: "web", cmd, shell: true, numprocesses: 2 });
  await using tab = await open("web");
  const { processes } = host.serving.daemon.manager.get("web");
  await waitFor(() => processes.length === 2, "both processes");
  for (const { id, osPid } of processes) await tab.sees(`${id} out│ from ${osPid}`);
  for (const { id } of processes) await tab.sees(`${id} err│ bad`);
  await tab.page.getByLabel("Which output").selectOption("err");
  await waitFor(async () => (await tab.lines()).length === 2, "two lines");
  expect((await tab.lines()).map((line) => line.replace(/^\d+ /, ""))).toEqual(["err│ bad", "err│ bad"]);
});

test("explains why there is no output", async () => {
  await host.serving.create({ name: "mute", cmd: "sleep 600", redirect_output: [] });
  await using tab = await open("mute");
  await tab.page.getByText("the template has no redirect_output").waitFor();
  expect(await tab.page.locator(".xterm").isVisible()).toBe(false);
});
