import { afterAll, expect, test } from "bun:test";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  openSync,
  closeSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { createFolder } from "../cli/running.ts";
import { waitFor } from "../wait-for.ts";
import { type Host, startHost } from "./host.ts";

const folder = createFolder();
afterAll(folder.remove);

/** What can be wrong with `program` and the folder that it runs in, and how to mend it. */
interface Place {
  readonly program: string;
  readonly cwd: string;
  readonly envFile: string;
}

const spoilt: [string, (place: Place) => void, (place: Place) => void, RegExp][] = [
  [
    "its program is gone",
    ({ program }) => renameSync(program, `${program}.away`),
    ({ program }) => renameSync(`${program}.away`, program),
    /: no such file$/,
  ],
  [
    "its program is not executable",
    ({ program }) => chmodSync(program, 0o644),
    ({ program }) => chmodSync(program, 0o755),
    /is not executable \(permission denied\)$/,
  ],
  [
    "its program is no program",
    ({ program }) => writeFileSync(program, "\u007FELF nonsense"),
    ({ program }) => writeScript(program),
    /is a damaged program file$/,
  ],
  [
    "its interpreter is gone",
    ({ program }) => writeFileSync(program, "#!/no/such/shell\n"),
    ({ program }) => writeScript(program),
    /its interpreter `\/no\/such\/shell` does not exist$/,
  ],
  [
    "its folder is gone",
    ({ cwd }) => rmSync(cwd, { recursive: true }),
    ({ cwd }) => mkdirSync(cwd),
    /: its working directory .* does not exist$/,
  ],
  [
    "its environment is too large",
    ({ envFile }) => writeFileSync(envFile, `LARGE=${"x".repeat(3_000_000)}\n`),
    ({ envFile }) => truncateSync(envFile),
    /: its arguments and environment together are too long$/,
  ],
];

test.each(spoilt)(
  "without backoff, what cannot be spawned at all is given up, once, until somebody starts it: %s",
  async (title, spoil, mend, reason) => {
    const place = makePlace(`${title} for good`);
    await using host = await startHost();
    const { program: cmd, cwd, envFile: env_file } = place;
    await host.client.create({ name: "a", cmd, cwd, env_file, backoff: false });
    spoil(place);
    await host.client.signal("a", "KILL");
    await waitFor(async () => (await host.client.status("a")).state === "fatal", "it to be given up");
    const status = await host.client.status("a");
    expect(status).toMatchObject({
      active: false,
      running: 0,
      next_retry_at: null,
      reason: expect.stringMatching(reason),
    });
    expect(host.err().match(/cannot start/g)).toHaveLength(1);
    expect(host.client.start("a")).rejects.toMatchObject({ status: 422, code: "spawn_failed" });

    mend(place);
    await host.client.start("a");
    expect(await host.client.status("a")).toMatchObject({ running: 1, reason: null });
  },
);

test.each(spoilt)(
  "what cannot be spawned for a moment, as in a deploy, is tried again until it can: %s",
  async (title, spoil, mend, reason) => {
    const place = makePlace(title);
    await using host = await startHost();
    const { program: cmd, cwd, envFile: env_file } = place;
    const backoff = { min: 0.05, max: 0.1 };
    await host.client.create({ name: "a", cmd, cwd, env_file, backoff });
    spoil(place);
    await host.client.signal("a", "KILL");
    await waitFor(async () => (await host.client.status("a")).exits_in_a_row > 3, "some tries");
    const status = await host.client.status("a");
    expect(status).toMatchObject({ active: true, running: 0, state: "backoff", next_retry_at: expect.any(String) });
    expect(status.reason?.replace(/, \d+ times in a row$/, "")).toMatch(reason);
    expect(host.client.start("a")).rejects.toMatchObject({ status: 422, code: "spawn_failed" });
    mend(place);
    await waitFor(() => isRunning(host), "its next try");
    // What the signal ended, two tries, and the beginning and the end of two loops: a start by request ends the first.
    expect(host.err().match(/^.* warn .*$/gm)?.length).toBeLessThanOrEqual(9);
  },
);

test("a program that is being written is tried again, and runs when that is done", async () => {
  const { program, cwd } = makePlace("busy");
  copyFileSync("/bin/sleep", program);
  await using host = await startHost();
  const writer = openSync(program, "a");
  await host.client.create({ name: "a", cmd: `${program} 600`, cwd });
  expect(await host.client.status("a")).toMatchObject({
    state: "backoff",
    reason: expect.stringContaining("is being written to"),
  });
  closeSync(writer);
  await waitFor(() => isRunning(host), "its next try");
});

async function isRunning({ client }: Host): Promise<boolean> {
  return (await client.status("a")).state === "running";
}

function makePlace(title: string): Place {
  const path = join(folder.path, title.replaceAll(" ", "-"));
  const place = { program: join(path, "program"), cwd: join(path, "cwd"), envFile: join(path, "env") };
  mkdirSync(place.cwd, { recursive: true });
  writeScript(place.program);
  writeFileSync(place.envFile, "");
  return place;
}

function writeScript(program: string): void {
  writeFileSync(program, "#!/bin/sh\nexec sleep 600\n", { mode: 0o755 });
}
