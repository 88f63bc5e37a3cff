import { describe, expect } from "bun:test";
import { waitFor } from "../../wait-for.ts";
import { useDashboard } from "./dashboard.ts";

const { host, open, test } = useDashboard();

/** Everything that the template's badge showed until `isEnough`. */
const watch = `new Promise((resolve) => {
  const seen = [];
  const look = () => {
    const badge = document.querySelector('tr:has([data-row="web"]) .badge');
    if (badge !== null) seen.push(badge.className + ": " + badge.textContent);
    if (seen.length < 100) requestAnimationFrame(look);
    else resolve(seen);
  };
  look();
})`;

describe("a crash loop", () => {
  test("is shown in all its states with the reason and the next attempt, and is never green", async () => {
    const { serving } = host;
    await serving.create({
      name: "web",
      cmd: "sh -c 'sleep 0.05; exit 1'",
      restart: "always",
      backoff: { min: 0.05, max: 0.1 },
    });
    await waitFor(() => serving.daemon.manager.get("web").status().exitsInARow >= 3, "the loop");
    await using tab = await open("web");
    const facts = tab.page.locator(".facts");
    await facts.getByText(/exited with status 1 after [\d.]+ s, \d+ times in a row/).waitFor();
    await facts.getByText(/next attempt/).waitFor();
    await tab.page.locator(".counts").getByText("1 needs attention").waitFor();
    const seen = (await tab.page.evaluate(watch)) as string[];
    expect([...new Set(seen)].filter((each) => !/^badge failing: (backoff|crash loop)$/.test(each))).toEqual([]);
  });

  test("that has ended is shown as ended, although no event reports it", async () => {
    const { serving } = host;
    const flag = `/tmp/gafferd-test-loop-${process.pid}`;
    const cmd = `sh -c 'test -e ${flag} && exec sleep 60; exit 1'`;
    await serving.create({ name: "web", cmd, restart: "always", backoff: { min: 0.05, max: 0.1, reset_after: 0.5 } });
    await waitFor(() => serving.daemon.manager.get("web").status().exitsInARow >= 3, "the loop");
    await using tab = await open("web");
    const badge = tab.page.locator('tr:has([data-row="web"]) .badge');
    await badge.and(tab.page.locator(".failing")).waitFor();
    await Bun.write(flag, "");
    await badge.and(tab.page.locator(".running")).waitFor();
    await Bun.file(flag).delete();
    expect(await tab.page.locator(".facts .reason").count()).toBe(0);
  });
});
