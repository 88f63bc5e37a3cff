import { expect, test } from "bun:test";
import { procStatOf } from "../../../src/process/proc-stat.ts";
import { waitFor } from "../../wait-for.ts";
import { childrenOf } from "../observe.ts";
import { startHosted } from "../hosted.ts";

test("an orphan becomes a child of gafferd, which reaps it", async () => {
  await using hosted = await startHosted();
  // Each prints its pid and exits after its parent.
  const cmd = `sh -c 'for i in 1 2 3 4 5; do (sh -c "echo \\$\\$; sleep 0.3" &); done; exec sleep 600'`;
  const orphans = await hosted.numbers(await hosted.create({ name: "a", cmd }), 5);
  await waitFor(() => orphans.every((osPid) => procStatOf(osPid) === undefined), "the orphans to be reaped");
  expect(childrenOf(hosted.gafferd.osPid).filter((osPid) => procStatOf(osPid)?.state === "Z")).toEqual([]);
});

test("200 orphans that exit together are reaped together", async () => {
  await using hosted = await startHosted();
  const cmd = `sh -c 'i=0; while [ $i -lt 200 ]; do (sleep 600 &); i=$((i + 1)); done; exec sleep 600'`;
  await hosted.create({ name: "a", cmd });
  const { osPid } = hosted.gafferd;
  const orphans = () => childrenOf(osPid).filter((child) => procStatOf(child)?.state !== "Z");
  await waitFor(() => orphans().length > 200, "200 orphans");
  const ended = orphans().slice(-200);
  for (const child of ended) process.kill(child, "SIGKILL");
  await waitFor(() => ended.every((child) => procStatOf(child) === undefined), "the orphans to be reaped");
}, 30_000);

test("gafferd does not reap the children of Bun while it reaps orphans", async () => {
  await using hosted = await startHosted();
  await hosted.create({ name: "orphans", cmd: `sh -c 'while :; do (true &); sleep 0.01; done'` });
  await hosted.create({ name: "a", cmd: "sh -c 'exit 7'", numprocesses: 5, backoff: false });
  await waitFor(async () => {
    const { restarts } = await hosted.ask("GET", "/status/a");
    return Number(restarts) > 300;
  }, "300 exits");
  await hosted.ask("POST", "/processes/a/_stop");
  const { history } = (await hosted.ask("GET", "/processes/a/_history")) as { history: { exit_status: unknown }[] };
  // Processes that were running at the stop may have been ended by its signal.
  expect(new Set(history.slice(0, 5).map(({ exit_status }) => exit_status))).toEqual(new Set([7]));
});
