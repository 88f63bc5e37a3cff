import { expect } from "bun:test";
import { startCutter } from "../../http/feed/cutter.ts";
import { waitFor } from "../../wait-for.ts";
import { useDashboard } from "./dashboard.ts";

const { host, test, open } = useDashboard();

const numbered = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index}`);
/** Says ten lines more on each SIGUSR1, and nothing of the child that the signal ends. */
const teller = `exec 2>/dev/null; n=0; tell() { for i in 1 2 3 4 5 6 7 8 9 10; do n=$((n+1)); echo line $n; done; }
  trap tell USR1; tell; while :; do sleep 0.01; done`;

test("grows as the process speaks, in the colours that it speaks in, and never becomes markup", async () => {
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

test("goes on after its connection was cut, with every line once", async () => {
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

test("names what was lost while the daemon was out of reach, and says that it was", async () => {
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

test("tries at once when a person says so", async () => {
  await using cutter = await startCutter(host.serving.url);
  await host.run("echo ready; exec sleep 600");
  await using tab = await open(host.lastName, { url: cutter.url });
  const { page } = tab;
  await tab.sees("ready");
  // From now on it waits for ever before it tries again by itself.
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

test("sees what changed while the daemon was out of reach, by itself", async () => {
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

test("gives its connections back while its tab is hidden, and then goes on where it was", async () => {
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

test("is still while it is paused, and loses nothing by that", async () => {
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

test("finds a text, and how often it is there", async () => {
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

test("names the process of each line where several share the terminal, and shows one output alone when asked", async () => {
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

test("says why there is nothing to see", async () => {
  await host.serving.create({ name: "mute", cmd: "sleep 600", redirect_output: [] });
  await using tab = await open("mute");
  await tab.page.getByText("the template has no redirect_output").waitFor();
  expect(await tab.page.locator(".xterm").isVisible()).toBe(false);
});
