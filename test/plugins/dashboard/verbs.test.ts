import { expect } from "bun:test";
import { waitFor } from "../../wait-for.ts";
import { useDashboard } from "./dashboard.ts";

const { host, test, open } = useDashboard();

const manager = () => host.serving.daemon.manager;
const pids = (name: string) =>
  manager()
    .get(name)
    .processes.map(({ id }) => id);
const stateOf = (name: string) => manager().get(name).status().state;

test("starts, stops and restarts a template, and shows its state without a reload", async () => {
  await host.serving.create({ name: "web", cmd: "sleep 600", start: false });
  await using tab = await open("web");
  const { page } = tab;
  const bar = page.getByRole("group", { name: "Template actions" });
  const row = page.getByRole("row").filter({ hasText: "web" });
  await row.getByText("stopped").waitFor();

  await bar.getByRole("button", { name: "Start", exact: true }).click();
  await row.getByText("running").waitFor();
  const [first = 0] = pids("web");
  await row.getByText("1 / 1").waitFor();

  await bar.getByRole("button", { name: "Restart" }).click();
  await waitFor(() => pids("web").length === 1 && pids("web")[0] !== first, "another process");

  await bar.getByRole("button", { name: "Stop" }).click();
  await row.getByText("stopped").waitFor();
  expect(stateOf("web")).toBe("stopped");
  expect(tab.errors).toEqual([]);
});

test("scales a template up and down", async () => {
  await host.serving.create({ name: "web", cmd: "sleep 600" });
  await using tab = await open("web");
  const { page } = tab;
  const scale = page.getByRole("group", { name: "Number of processes" });
  await scale.getByRole("button", { name: "One process more" }).click();
  await page.getByText("2 of 2 running").waitFor();
  expect(pids("web")).toHaveLength(2);
  await scale.getByRole("button", { name: "One process fewer" }).click();
  await page.getByText("1 of 1 running").waitFor();
  await waitFor(() => pids("web").length === 1, "one process");
});

test("sends signals to a template and to a process", async () => {
  const trap = "trap 'echo heard usr1' USR1; trap 'echo heard hup' HUP; echo ready; while :; do sleep 0.02; done";
  const pid = await host.run(trap);
  await using tab = await open(host.lastName);
  const { page } = tab;
  await tab.sees("ready");
  await page.getByLabel("Signal", { exact: true }).selectOption("USR1");
  await page.getByRole("button", { name: "Send signal" }).click();
  await tab.sees("heard usr1");

  await page.goto(`${page.url()}/${pid}`);
  await page.getByRole("heading", { name: `process ${pid}` }).waitFor();
  await page.getByLabel("Signal", { exact: true }).selectOption("HUP");
  await page.getByRole("button", { name: "Send signal" }).click();
  await tab.sees("heard hup");
});

test("stops one process, which its template replaces, and keeps its output", async () => {
  await host.serving.create({ name: "web", cmd: "echo $$ says hello; exec sleep 600", shell: true, restart: "always" });
  const pid = await waitFor(() => pids("web")[0], "its process");
  await using tab = await open();
  const { page } = tab;
  await page.getByRole("button", { name: "Processes of web" }).click();
  await page.getByRole("link", { name: `process ${pid}` }).click();
  await tab.sees("says hello");
  await page.getByRole("button", { name: "Stop process" }).click();
  await waitFor(() => pids("web").length === 1 && pids("web")[0] !== pid, "its successor");
  await tab.sees(`── ${pid} exited: SIGTERM ──`);

  await page.getByRole("navigation").getByRole("link", { name: "web" }).click();
  await page.getByText("Last exits").click();
  await page.getByText("it was stopped over HTTP").first().click();
  await page.locator(".exits pre").getByText("says hello").waitFor();
  await page
    .getByRole("table")
    .getByRole("link", { name: `process ${pid}`, exact: true })
    .click();
  await tab.sees("says hello");
});

test("writes lines to stdin, and closes it", async () => {
  const pid = await host.run("exec cat", { redirect_input: true });
  await using tab = await open(host.lastName);
  const { page } = tab;
  const input = page.getByLabel(`Input for process ${pid}`);
  await input.fill("one line");
  await input.press("Enter");
  await tab.sees("one line");
  expect(await input.inputValue()).toBe("");
  await page.getByRole("button", { name: "Close input" }).click();
  await tab.sees(`── ${pid} exited: status 0 ──`);
  expect(await page.getByLabel("Input", { exact: true }).isDisabled()).toBe(true);
});

test("adds a template, after showing errors at their fields", async () => {
  await host.serving.create({ name: "taken", cmd: "sleep 600", start: false });
  await using tab = await open();
  const { page } = tab;
  await page.getByRole("button", { name: "New template" }).click();
  const dialog = page.getByRole("dialog", { name: "New template" });
  const add = () => dialog.getByRole("button", { name: "Add" }).click();
  /** Waits until the field `label` has the focus and shows the error `text`. */
  const complains = async (label: string, text: string) => {
    const field = dialog.getByLabel(label, { exact: true });
    const isShown = async () => {
      if ((await field.getAttribute("aria-invalid")) !== "true") return false;
      const id = (await field.getAttribute("aria-describedby"))?.split(" ")[0];
      return (await dialog.locator(`#${id}`).textContent())?.includes(text);
    };
    await waitFor(isShown, `\`${text}\` at ${label}`);
    const id = await field.getAttribute("id");
    await waitFor(async () => (await page.evaluate("document.activeElement.id")) === id, `the focus on ${label}`);
  };

  await dialog.getByLabel("Name", { exact: true }).fill("taken");
  await add();
  await complains("Command", "must be a non-empty string");
  await dialog.getByLabel("Command", { exact: true }).fill("/no/such/program");
  await add();
  await complains("Name", "taken");
  await dialog.getByLabel("Name", { exact: true }).fill("new one");
  await add();
  await complains("Name", "`name`");
  await dialog.getByLabel("Name", { exact: true }).fill("group:new");
  await dialog.getByLabel("Processes", { exact: true }).fill("many");
  await add();
  await complains("Processes", "many");
  await dialog.getByLabel("Processes", { exact: true }).fill("2");
  await add();
  await complains("Command", "/no/such/program");
  await dialog.getByLabel("Command", { exact: true }).fill("sh -c 'echo $COLOUR; exec sleep 600'");
  await dialog.getByText("More").click();
  await dialog.getByLabel("Environment").fill("COLOUR=green=blue\n");
  await dialog.getByLabel("Other settings").fill('{"graceful_timeout": "soon"}');
  await add();
  await complains("Other settings", "graceful_timeout");
  await dialog.getByLabel("Other settings").fill('{"graceful_timeout": "1s"}');
  await add();

  await page.getByRole("heading", { name: "group:new" }).waitFor();
  await tab.sees("green=blue");
  await waitFor(() => pids("group:new").length === 2, "its processes");
  expect(manager().names()).toEqual(["taken", "group:new"]);
});

test("removes a template after confirmation", async () => {
  await host.serving.create({ name: "old", cmd: "sleep 600" });
  await using tab = await open("old");
  const { page } = tab;
  await page.getByRole("button", { name: "Remove…" }).click();
  const dialog = page.getByRole("dialog", { name: "Remove old?" });
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await dialog.waitFor({ state: "detached" });
  expect(manager().names()).toEqual(["old"]);
  await page.getByRole("button", { name: "Remove…" }).click();
  await dialog.getByRole("button", { name: "Remove", exact: true }).click();
  await page.getByRole("heading", { name: "No templates yet" }).waitFor();
  expect(manager().names()).toEqual([]);
});

test("shows the daemon's error message", async () => {
  await host.serving.create({ name: "web", cmd: "sleep 600" });
  await using tab = await open("web");
  const { page } = tab;
  await page.getByText("1 of 1 running").waitFor();
  await page.route("**/_restart", (route) =>
    route.fulfill({ status: 503, json: { error: "overloaded", message: "cannot restart now: <b>too busy</b>" } }),
  );
  await page.getByRole("button", { name: "Restart" }).click();
  const alert = page.getByRole("alert");
  expect(await alert.textContent()).toContain("cannot restart now: <b>too busy</b>");
  await alert.getByRole("button", { name: "Dismiss" }).click();
  await alert.waitFor({ state: "detached" });
});
