import { expect } from "bun:test";
import { useServing } from "../http/serving.ts";
import { useBrowser } from "./browser.ts";

const host = useServing();
const browser = useBrowser();

browser.test.each([
  ["light", "rgb(255, 255, 255)"],
  ["dark", "rgb(20, 23, 26)"],
] as const)("the API page is styled in %s mode and makes no further requests", async (colorScheme, background) => {
  await using tab = await browser.open(`${host.serving.url}/docs`, { colorScheme });
  const { page } = tab;
  expect(await page.title()).toBe("gafferd 0.0.0-test: HTTP API");
  expect(await page.evaluate<string>("getComputedStyle(document.body).backgroundColor")).toBe(background);
  await page.getByRole("navigation").getByRole("link", { name: "GET /ping", exact: true }).click();
  expect(await page.evaluate<boolean>("document.querySelector(':target').checkVisibility()")).toBe(true);
  expect(tab.requests).toEqual([`${host.serving.url}/docs`]);
  expect(tab.errors).toEqual([]);
});
