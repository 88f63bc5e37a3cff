import { expect } from "bun:test";
import { waitFor } from "../../wait-for.ts";
import { useDashboard } from "./dashboard.ts";

const { host, test, open } = useDashboard();

/** Counts the frames that the page draws, and the tasks that block it for a noticeable time. */
const measure = `
  globalThis.frames = 0;
  globalThis.longTasks = [];
  const count = () => { frames += 1; requestAnimationFrame(count); };
  requestAnimationFrame(count);
  new PerformanceObserver((list) => longTasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: "longtask" });
  undefined;`;

/** Any task takes longer on a busy machine; an unbounded one takes seconds. */
const longestTaskMs = 1000;

interface Measured {
  readonly frames: number;
  readonly longTasks: number[];
  readonly heapBytes: number;
}
const measured = "({ frames, longTasks, heapBytes: performance.memory.usedJSHeapSize })";

test("shows a thousand processes, follows their changes, and keeps only the visible rows in the page", async () => {
  const count = 1000;
  await host.serving.create({ name: "many", cmd: "sleep 600", numprocesses: count, restart: "always" });
  const { manager } = host.serving.daemon;
  await waitFor(() => manager.get("many").processes.length === count, "a thousand processes", 20_000);
  await using tab = await open("many", { size: { width: 1280, height: 800 } });
  const { page } = tab;
  await page.getByText("1,000 processes").waitFor();
  await page.evaluate(measure);
  await page.getByRole("button", { name: "Processes of many" }).click();
  const table = page.getByRole("table", { name: "Templates" });
  await waitFor(async () => (await table.getAttribute("aria-rowcount")) === String(count + 2), "all rows");
  expect(await table.getByRole("row").count()).toBeLessThan(100);

  const last = manager.get("many").processes.at(-1)?.id ?? 0;
  await page.evaluate(`document.querySelector(".list").scrollTop = 1e9`);
  await table.getByRole("link", { name: `process ${last}`, exact: true }).click();
  await page.getByRole("heading", { name: `process ${last}` }).waitFor();
  await page.getByRole("button", { name: "Stop process" }).click();
  await table.getByRole("link", { name: `process ${last + 1}`, exact: true }).waitFor();

  await page.getByRole("navigation").getByRole("link", { name: "many" }).click();
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await page.getByText("0 processes").waitFor();
  const { longTasks } = await page.evaluate<Measured>(measured);
  expect(Math.max(0, ...longTasks)).toBeLessThan(longestTaskMs);
  expect(tab.errors).toEqual([]);
}, 60_000);

test("stays responsive while a process floods its output, and reports what it could not show", async () => {
  await host.run("exec yes 'a line of a flood, as long as lines are, of which there is no end'", {
    output_buffer: 65536,
  });
  await using tab = await open(host.lastName);
  const { page } = tab;
  await tab.sees("a line of a flood");
  await page.evaluate(measure);
  const drawn = async (frames: number) =>
    await waitFor(async () => (await page.evaluate<Measured>(measured)).frames > frames, `${frames} frames`, 30_000);
  await drawn(30);
  const before = await page.evaluate<Measured>(measured);
  await drawn(150);
  const { longTasks, heapBytes } = await page.evaluate<Measured>(measured);
  expect(Math.max(0, ...longTasks)).toBeLessThan(longestTaskMs);
  expect(heapBytes).toBeLessThan(before.heapBytes + 64 * 1024 ** 2);
  await page.getByText(/live · \d+ gap/).waitFor();

  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await page.getByRole("row").filter({ hasText: host.lastName }).getByText("stopped").waitFor();
  await tab.sees("exited: SIGTERM");
  expect(tab.errors).toEqual([]);
}, 60_000);
