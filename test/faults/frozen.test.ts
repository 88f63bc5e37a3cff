import { expect, test } from "bun:test";
import { accessSync, constants, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { lives } from "../process/observe.ts";
import { waitFor } from "../wait-for.ts";
import { startHost } from "./host.ts";

const freezer = "/sys/fs/cgroup/freezer";
const canFreeze = isWritable(freezer);
if (!canFreeze) console.warn(`tests of frozen processes are skipped: ${freezer} is not writable`);

const template = { name: "web", cmd: "sleep 600", graceful_timeout: 0 };

test.skipIf(!canFreeze)(
  "`_stop` does not wait for a frozen process, names it, and `_start` starts another",
  async () => {
    await using host = await startHost();
    const { client } = host;
    await client.create(template);
    const { osPid, ...frozen } = await freezeFirst(host);
    try {
      await client.stop("web");
      expect(host.err()).toContain(`SIGKILL did not end sleep (${osPid}, state D)`);
      await client.start("web");
      expect(await client.status("web")).toMatchObject({ state: "running", running: 1 });
    } finally {
      await frozen.thaw();
    }
    await waitFor(async () => (await client.status("web")).running === 1 && !lives(osPid), "the thawed process to end");
  },
);

test.skipIf(!canFreeze)("`_restart` replaces a frozen process, and names it", async () => {
  await using host = await startHost();
  const { client } = host;
  await client.create(template);
  const { osPid, ...frozen } = await freezeFirst(host);
  try {
    await client.restart("web");
    expect(host.err()).toContain(`SIGKILL did not end sleep (${osPid}, state D)`);
    expect(await client.status("web")).toMatchObject({ state: "running", running: 1 });
  } finally {
    await frozen.thaw();
  }
  await waitFor(() => !lives(osPid), "the thawed process to end");
  expect(await client.status("web")).toMatchObject({ state: "running", running: 1 });
});

test.skipIf(!canFreeze)("a frozen process that is stopped alone is replaced", async () => {
  await using host = await startHost();
  const { client } = host;
  await client.create(template);
  const { id, ...frozen } = await freezeFirst(host);
  try {
    await client.stop(id);
    await waitFor(async () => (await client.status("web")).running === 1, "another process");
    expect(await client.status("web")).toMatchObject({ state: "running", running: 1 });
  } finally {
    await frozen.thaw();
  }
});

async function freezeFirst({ client, url }: Awaited<ReturnType<typeof startHost>>) {
  const [id = 0] = await client.pids("web");
  const response = await fetch(`${url}/processes/${id}`);
  const { os_pid: osPid } = (await response.json()) as { os_pid: number };
  const group = `${freezer}/gafferd-test-${osPid}`;
  mkdirSync(group);
  writeFileSync(`${group}/cgroup.procs`, String(osPid));
  writeFileSync(`${group}/freezer.state`, "FROZEN");
  const thaw = async () => {
    writeFileSync(`${group}/freezer.state`, "THAWED");
    // It may have been killed: then it leaves the group when it is reaped.
    await waitFor(() => tryRemove(group), "the end of the frozen process");
  };
  return { id, osPid, thaw };
}

function isWritable(path: string): boolean {
  try {
    accessSync(`${path}/cgroup.procs`, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function tryRemove(group: string): boolean {
  try {
    rmdirSync(group);
    return true;
  } catch {
    return false;
  }
}
