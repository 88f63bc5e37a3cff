import { afterAll, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { main } from "../cli/running.ts";
import { procStatOf } from "../../src/process/proc-stat.ts";
import { currentPidScope } from "../../src/survival/pid-scope.ts";
import { startHosted } from "../process/hosted.ts";

const folder = mkdtempSync("/tmp/gafferd-hostile-");
afterAll(() => rmSync(folder, { recursive: true }));
chmodSync(folder, 0o755);

const isRoot = process.geteuid?.() === 0;

test("an env file that is no regular file, too large or not for the user is refused, and gafferd answers", async () => {
  const theirs = join(folder, "theirs");
  mkdirSync(theirs);
  writeFileSync(join(folder, "secret"), "A=secret", { mode: 0o600 });
  symlinkSync(join(folder, "secret"), join(theirs, "link"));
  Bun.spawnSync(["mkfifo", join(theirs, "fifo")]);
  writeFileSync(join(theirs, "sparse"), "");
  truncateSync(join(theirs, "sparse"), 2 ** 30);
  if (isRoot) chownSync(theirs, 65534, 65534);
  const cases = [
    [join(theirs, "fifo"), "FIFO"],
    ["/dev/zero", "a device"],
    [theirs, "directory"],
    [join(theirs, "sparse"), "larger than 1 MiB"],
    ...(isRoot ? [[join(theirs, "link"), "permission denied"]] : []),
  ] as const;
  await using hosted = await startHosted({ folder });
  for (const [envFile, reason] of cases) {
    const user = isRoot ? { uid: 65534, gid: 65534 } : {};
    const creation = hosted.create({ name: "p", cmd: "sleep 60", env_file: [envFile], ...user });
    expect(await creation.then(String, String)).toContain(reason);
    expect((await fetch(`${hosted.gafferd.url}/ping`)).status).toBe(200);
  }
}, 30_000);

test("whatever lies in the folder of the run files is skipped with a warning that names it", async () => {
  const at = mkdtempSync(join(folder, "runs-"));
  const runs = join(at, "state/runs");
  mkdirSync(runs, { recursive: true });
  Bun.spawnSync(["mkfifo", join(runs, "fifo")]);
  mkdirSync(join(runs, "folder"));
  symlinkSync("/dev/zero", join(runs, "zero"));
  symlinkSync("/none", join(runs, "broken"));
  writeFileSync(join(runs, "escape"), "gafferd-run 1 boot ns 1 1 aa-end. /%zz\n");
  writeFileSync(join(runs, "text"), "\0\xff nonsense\n");
  await using hosted = await startHosted({ folder: at });
  expect((await fetch(`${hosted.gafferd.url}/ping`)).status).toBe(200);
  for (const name of ["fifo", "folder", "zero", "escape", "text"])
    expect(hosted.gafferd.err()).toContain(join(runs, name));
}, 30_000);

test("a configuration or an included file that is a FIFO is refused at once", () => {
  const fifo = join(folder, "fifo.ini");
  Bun.spawnSync(["mkfifo", fifo]);
  const including = join(folder, "including.ini");
  writeFileSync(including, `[gaffer]\ninclude = ${fifo}\n`);
  for (const file of [fifo, including]) {
    const { exitCode, stderr } = Bun.spawnSync([main, "--check", file], { timeout: 10_000 });
    expect(exitCode).not.toBe(0);
    expect(stderr.toString()).toContain("it is a FIFO, not a regular file");
  }
}, 30_000);

test("a configuration, a certificate and a run file that are too large are refused with the limit", async () => {
  const at = mkdtempSync(join(folder, "large-"));
  const makeLarge = (name: string, bytes: number) => {
    writeFileSync(join(at, name), "");
    truncateSync(join(at, name), bytes + 1);
    return join(at, name);
  };
  const [config, certificate] = [makeLarge("large.ini", 16 * 2 ** 20), makeLarge("large.pem", 2 ** 20)];
  const withCertificate = join(at, "tls.ini");
  writeFileSync(withCertificate, `[endpoint:a]\ncertfile = ${certificate}\nkeyfile = ${certificate}\n`);
  for (const [file, limit] of [
    [config, "16 MiB"],
    [withCertificate, "1 MiB"],
  ] as const) {
    const { exitCode, stderr } = Bun.spawnSync([main, "--check", file], { timeout: 10_000 });
    expect(exitCode).not.toBe(0);
    expect(stderr.toString()).toContain(`it is larger than ${limit}`);
  }
  mkdirSync(join(at, "state/runs"), { recursive: true });
  const run = makeLarge("state/runs/large", 64 * 2 ** 20);
  await using hosted = await startHosted({ folder: at });
  expect(hosted.gafferd.err()).toMatch(new RegExp(`skipping the run file ${run}: .*larger than 64 MiB`));
});

test.if(isRoot && process.platform === "linux")(
  "as root, a run file that somebody else owns or may write kills nothing",
  async () => {
    const victim = Bun.spawn(["sleep", "60"]);
    const { boot, namespace } = currentPidScope()!;
    const ended = Bun.spawn(["true"]);
    await ended.exited;
    const { startTicks } = procStatOf(victim.pid)!;
    const text =
      `gafferd-run 1 ${boot} ${namespace} ${ended.pid} 1 aa-end. /x.ini\n` +
      `+ ${victim.pid} ${startTicks} process 15 1000 kill aa-end.1 x\n`;
    for (const spoil of [(path: string) => chownSync(path, 65534, 65534), (path: string) => chmodSync(path, 0o666)]) {
      const at = mkdtempSync(join(folder, "foreign-"));
      const path = join(at, "state/runs/1-1-1");
      mkdirSync(join(path, ".."), { recursive: true });
      writeFileSync(path, text, { mode: 0o600 });
      spoil(path);
      await using hosted = await startHosted({ folder: at });
      expect(hosted.gafferd.err()).toContain(`skipping the run file ${path}: it `);
      expect(victim.exitCode ?? victim.signalCode).toBeNull();
    }
    for (const part of ["state/runs", "state"]) {
      const at = mkdtempSync(join(folder, "foreign-"));
      mkdirSync(join(at, "state/runs"), { recursive: true });
      writeFileSync(join(at, "state/runs/1-1-1"), text, { mode: 0o600 });
      chmodSync(join(at, part), 0o777);
      expect(await startHosted({ folder: at }).then(String, String)).toContain(`run \`chmod go-w ${join(at, part)}\``);
      expect(victim.exitCode ?? victim.signalCode).toBeNull();
    }
    victim.kill();
    await victim.exited;
  },
  30_000,
);
