import { afterAll, expect, test } from "bun:test";
import { createFolder, startGafferd } from "../cli/running.ts";
import { waitFor } from "../wait-for.ts";
import { receive } from "./receiver.ts";

const kills = 30;
const longestLifeMs = 40;
const folder = createFolder();
afterAll(folder.remove);

test("gafferd killed at any moment loses no event that it has announced, and keeps their order", async () => {
  // It takes its time, so that some kills come between the commit and the send, some between the send and the answer.
  await using receiver = receive(async () => {
    await Bun.sleep(Math.random() * 4);
    return new Response("ok");
  });
  const config = folder.write(
    "gaffer.ini",
    `[gaffer]\nstate_dir = state\nbundled_plugins = none\n[webhooks]\ncreate = ${receiver.url}\n`,
  );
  const announced: string[] = [];
  let last = 0;
  for (let round = 0; round < kills; round++) {
    await using gafferd = await startGafferd(["-c", config]);
    let killed: Promise<void> | undefined;
    try {
      for (;;) {
        const name = `t${++last}`;
        const body = JSON.stringify({ name, cmd: "true", start: false, persist: false });
        const answer = await fetch(`${gafferd.url}/processes`, { method: "POST", body });
        if (answer.ok) announced.push(name);
        // From the first answer on: a busy machine takes long to give one.
        killed ??= Bun.sleep(Math.random() * longestLifeMs).then(() => gafferd.kill("SIGKILL"));
      }
    } catch {
      // It is dead, and this one may have been announced or not.
    }
    await killed;
    await gafferd.exited;
  }
  await using gafferd = await startGafferd(["-c", config]);
  await waitFor(async () => {
    const [webhook] = (await (await fetch(`${gafferd.url}/webhooks`)).json()) as { queued: number }[];
    return webhook?.queued === 0;
  }, "the end of the queue");

  const nameById = new Map(receiver.accepted.map(({ id, body }) => [id, body.name]));
  const names = [...nameById.values()];
  expect(announced.length).toBeGreaterThan(kills);
  expect(announced.filter((name) => !names.includes(name))).toEqual([]);
  // Every event has one id, and what came first came in order; what came again is the one before, with its id.
  expect(new Set(names).size).toBe(names.length);
  const numbers = receiver.accepted.map(({ body }) => Number(body.name.slice(1)));
  expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
}, 60_000);
