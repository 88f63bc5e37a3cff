import { describe, expect } from "bun:test";
import { useServing } from "../http/serving.ts";
import { waitFor } from "../wait-for.ts";
import { type Tab, useBrowser } from "./browser.ts";
import { follow } from "./event-source.ts";
import { useSite } from "./site.ts";

const listed = useSite();
const foreign = useSite();
const host = useServing({ corsOrigins: [listed.origin] });
const browser = useBrowser();

/** Sends requests from a page. Returns the status of each response, or the name of the error of `fetch`. */
function ask(tab: Tab, requests: readonly (readonly [path: string, init: object])[]): Promise<unknown[]> {
  return tab.page.evaluate(`(async () => {
    const got = [];
    for (const [path, init] of ${JSON.stringify(requests)}) {
      try {
        const answer = await fetch(${JSON.stringify(host.serving.url)} + path, init);
        got.push(answer.type === "opaque" ? "opaque" : answer.status);
      } catch (error) {
        got.push(error.name);
      }
    }
    return got;
  })()`);
}

const template = (name: string) => JSON.stringify({ name, cmd: "sleep 60" });
const json = { "content-type": "application/json" };

/** A read, writes that browsers send without a preflight, and writes with a preflight. */
const requests = [
  ["/processes", {}],
  ["/processes", { method: "POST", body: template("plain") }],
  ["/processes", { method: "POST", body: template("asked"), headers: json }],
  ["/processes/victim/_stop", { method: "POST" }],
  ["/processes/victim", { method: "DELETE" }],
] as const;

/** Submits a template as a form, which needs no preflight, and waits for the response. */
async function submitForm({ page }: Tab): Promise<void> {
  await page.setContent(
    `<form method="post" enctype="text/plain" action="${host.serving.url}/processes">
      <input name='{"name":"form","cmd":"sleep 60","env":{"A":"' value='"}}' /><button>Win a prize</button>
    </form>`,
  );
  await page.getByRole("button").click();
  await page.waitForURL(`${host.serving.url}/processes`);
}

describe.each([
  ["of gafferd's own", () => `${host.serving.url}/ping`],
  ["of a listed origin", () => listed.origin],
])("a page %s", (_, address) => {
  browser.test("follows a process and sees its exit", async () => {
    await using tab = await browser.open(address());
    const id = await host.run("echo one; echo two");
    const { seen, state } = await follow(tab, `${host.serving.url}/streams/${id}/out?feed=eventsource`, [
      "out",
      "exit",
    ]);
    await waitFor(async () => (await seen()).at(-1)?.event === "exit", "the exit");
    const lines = (await seen()).filter(({ event }) => event === "out").map(({ data }) => data);
    expect(lines.join("\n")).toBe("one\ntwo");
    expect(await state()).not.toBe(2);
  });

  browser.test("reads, creates and deletes", async () => {
    await using tab = await browser.open(address());
    await host.serving.create({ name: "victim", cmd: "sleep 60" });
    expect(await ask(tab, requests)).toEqual([200, 200, 200, 200, 200]);
    expect(host.serving.daemon.manager.names()).toEqual(["plain", "asked"]);
    expect(tab.errors).toEqual([]);
  });

  browser.test("can read `X-Gaffer-Next` of a long poll", async () => {
    await using tab = await browser.open(address());
    const id = await host.run("echo one; sleep 60");
    const next = `fetch("${host.serving.url}/streams/${id}/out").then(({ headers }) => headers.get("x-gaffer-next"))`;
    expect(await tab.page.evaluate<string>(next)).toBeString();
  });
});

/** Another port of the same host is another origin on the same site; `localhost` is another site. */
describe.each([
  ["of another port", () => foreign.origin],
  ["of another site", () => foreign.origin.replace("127.0.0.1", "localhost")],
  ["in a sandbox, whose origin is null,", () => `${foreign.origin}/sandboxed`],
])("a page %s", (_, address) => {
  browser.test("cannot follow a process, and its EventSource closes", async () => {
    await using tab = await browser.open(address());
    const id = await host.run("echo secret; sleep 60");
    const { seen, state } = await follow(tab, `${host.serving.url}/streams/${id}/out?feed=eventsource`, [
      "out",
      "exit",
    ]);
    await waitFor(async () => (await state()) === 2, "the end of the EventSource");
    expect(await seen()).toEqual([]);
  });

  browser.test("cannot read, create or delete", async () => {
    await using tab = await browser.open(address());
    await host.serving.create({ name: "victim", cmd: "sleep 60" });
    const { manager } = host.serving.daemon;
    const process = await waitFor(() => manager.get("victim").processes[0], "its process");
    expect(await ask(tab, requests)).toEqual(Array.from(requests, () => "TypeError"));
    const unseen = requests.slice(1, 2).map(([path, init]) => [path, { ...init, mode: "no-cors" }] as const);
    expect(await ask(tab, unseen)).toEqual(["opaque"]);
    expect(manager.names()).toEqual(["victim"]);
    expect(manager.get("victim").processes).toEqual([process]);
  });

  browser.test("cannot create a process with a form either", async () => {
    await using tab = await browser.open(address());
    await submitForm(tab);
    expect(JSON.parse((await tab.page.textContent("body")) ?? "")).toMatchObject({ error: "forbidden" });
    expect(host.serving.daemon.manager.names()).toEqual([]);
  });
});

browser.test("the same form from a listed origin creates the template", async () => {
  await using tab = await browser.open(listed.origin);
  await submitForm(tab);
  expect(host.serving.daemon.manager.names()).toEqual(["form"]);
});
