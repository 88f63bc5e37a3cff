import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { createFolder, startGafferd } from "../cli/running.ts";
import { waitFor } from "../wait-for.ts";
import { receive } from "./receiver.ts";

const folder = createFolder();
afterAll(folder.remove);

/** A killed daemon leaves its processes behind, so not all tests have one. */
function configOf(name: string, webhooks: string, start = true): string {
  const text = `[gaffer]\nstate_dir = ${name}\n[process:web]\ncmd = sleep 60\nstart = ${start}\n${webhooks}`;
  return folder.write(`${name}.ini`, text);
}

test("every event of a run is delivered, from the first to those of the stop", async () => {
  await using receiver = receive();
  const config = configOf("whole", `[webhooks]\n. = ${receiver.url}\n`);
  await using gafferd = await startGafferd(["-c", config]);
  await waitFor(() => receiver.accepted.some(({ body }) => body.event === "spawn"), "the process");
  gafferd.kill("SIGTERM");
  expect(await gafferd.exited).toBe(0);
  const events = receiver.accepted.map(({ body }) => body.event);
  expect(events.slice(0, 3)).toEqual(["create", "start", "spawn"]);
  expect(events).toContain("exit");
  const sequences = receiver.accepted.map(({ body }) => body.seq);
  expect(sequences).toEqual(sequences.map((_, index) => index + 1));
});

test("a webhook that was registered at run time survives a kill", async () => {
  await using receiver = receive();
  const config = configOf("killed", "", false);
  {
    await using gafferd = await startGafferd(["-c", config]);
    const body = JSON.stringify({ event: "proc.web.create", url: receiver.url });
    expect((await fetch(`${gafferd.url}/webhooks`, { method: "POST", body })).status).toBe(200);
    gafferd.kill("SIGKILL");
    await gafferd.exited;
  }
  await using gafferd = await startGafferd(["-c", config]);
  await waitFor(() => receiver.accepted.length > 0, "an event of the second run");
  gafferd.kill("SIGTERM");
  await gafferd.exited;
});

test("a daemon that cannot have the state folder says what to do, and ends", async () => {
  const config = configOf("shared", "[webhooks]\n. = http://127.0.0.1:1/\n");
  await using first = await startGafferd(["-c", config]);
  await expect(startGafferd(["-c", config])).rejects.toThrow(
    `cannot use ${join(folder.path, "shared/gafferd.sqlite")}: another gafferd (process ${first.osPid}) uses it; give each gafferd its own folder, \`state_dir\` in [gaffer]`,
  );
  expect((await fetch(`${first.url}/webhooks`)).status).toBe(200);
});

test("a reload brings the webhooks that the file has now", async () => {
  await using receiver = receive();
  const config = configOf("reloaded", "", false);
  await using gafferd = await startGafferd(["-c", config]);
  configOf("reloaded", `[webhooks]\nstart = ${receiver.url}\n`, false);
  const answer = await fetch(`${gafferd.url}/_reload`, { method: "POST" });
  expect([answer.status, await answer.json()]).toMatchObject([200, { changed: ["webhooks"] }]);
  await fetch(`${gafferd.url}/processes/web/_start`, { method: "POST" });
  await waitFor(() => receiver.accepted.length === 1, "the start");
});
