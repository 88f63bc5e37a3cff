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

/** The program, working directory and environment file that a test breaks and repairs. */
interface Place {
  readonly program: string;
  readonly cwd: string;
  readonly envFile: string;
}

const failures: [string, (place: Place) => void, (place: Place) => void, RegExp][] = [
  [
    "its program is missing",
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
    "its program is damaged",
    ({ program }) => writeFileSync(program, "\u007FELF nonsense"),
    ({ program }) => writeScript(program),
    /is a damaged program file$/,
  ],
  [
    "its interpreter is missing",
    ({ program }) => writeFileSync(program, "#!/no/such/shell\n"),
    ({ program }) => writeScript(program),
    /its interpreter `\/no\/such\/shell` does not exist$/,
  ],
  [
    "its working directory is missing",
    ({ cwd }) => rmSync(cwd, { recursive: true }),
    ({ cwd }) => mkdirSync(cwd),
    /: its working directory .* does not exist$/,
  ],
  [
    "its environment is too large",
    ({ envFile }) => writeFileSync(envFile, `LARGE=${"x".repeat(500_000)}\n`),
    ({ envFile }) => truncateSync(envFile),
    /: its arguments and environment together are too long$/,
  ],
];

test.each(failures)(
  "without backoff, a process that cannot start becomes fatal until it is started by request: %s",
  async (title, breakPlace, repair, reason) => {
    const place = makePlace(`${title} for good`);
    await using host = await startHost();
    const { program: cmd, cwd, envFile: env_file } = place;
    await host.client.create({ name: "a", cmd, cwd, env_file, backoff: false });
    breakPlace(place);
    await host.client.signal("a", "KILL");
    await waitFor(async () => (await host.client.status("a")).state === "fatal", "the state fatal");
    const status = await host.client.status("a");
    expect(status).toMatchObject({
      active: false,
      running: 0,
      next_retry_at: null,
      reason: expect.stringMatching(reason),
    });
    expect(host.err().match(/cannot start/g)).toHaveLength(1);
    expect(host.client.start("a")).rejects.toMatchObject({ status: 422, code: "spawn_failed" });

    repair(place);
    await host.client.start("a");
    expect(await host.client.status("a")).toMatchObject({ running: 1, reason: null });
  },
);

test.each(failures)(
  "a process that temporarily cannot start, as during a deploy, is retried until it starts: %s",
  async (title, breakPlace, repair, reason) => {
    const place = makePlace(title);
    await using host = await startHost();
    const { program: cmd, cwd, envFile: env_file } = place;
    const backoff = { min: 0.05, max: 0.1 };
    await host.client.create({ name: "a", cmd, cwd, env_file, backoff });
    breakPlace(place);
    await host.client.signal("a", "KILL");
    await waitFor(async () => (await host.client.status("a")).exits_in_a_row > 3, "some attempts");
    const status = await host.client.status("a");
    expect(status).toMatchObject({ active: true, running: 0, state: "backoff", next_retry_at: expect.any(String) });
    expect(status.reason?.replace(/, \d+ times in a row$/, "")).toMatch(reason);
    expect(host.client.start("a")).rejects.toMatchObject({ status: 422, code: "spawn_failed" });
    repair(place);
    await waitFor(() => isRunning(host), "the next attempt");
    // The exit by the signal, two attempts, and the start and end of two retry loops: a start by request ends the first.
    expect(host.err().match(/^.* warn .*$/gm)?.length).toBeLessThanOrEqual(9);
  },
);

test("a program that is being written is retried, and starts when the write is finished", async () => {
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
  await waitFor(() => isRunning(host), "the next attempt");
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
