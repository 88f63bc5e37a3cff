import { expect } from "bun:test";
import { bundle, seen, use } from "../client/program.ts";
import { useServing } from "../http/serving.ts";
import { useBrowser } from "./browser.ts";
import { useSite } from "./site.ts";

const listed = useSite();
const host = useServing({ corsOrigins: [listed.origin] });
const browser = useBrowser();

browser.test.each([
  ["gafferd's own", () => `${host.serving.url}/ping`],
  ["a listed", () => listed.origin],
])("the client library runs in a page of %s origin", async (_, address) => {
  await using tab = await browser.open(address());
  const content = `${await bundle("browser")}\nglobalThis.createClient = createClient;`;
  await tab.page.addScriptTag({ type: "module", content });
  // Modules run asynchronously.
  await tab.page.waitForFunction("globalThis.createClient");
  const program = `(async () => { ${use("createClient", host.serving.url)} return seen; })()`;
  expect(await tab.page.evaluate<unknown>(program)).toEqual(seen);
});
