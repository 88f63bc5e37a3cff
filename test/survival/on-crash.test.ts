import { expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main, startGafferd } from "../cli/running.ts";
import { tryRead } from "../../src/process/proc-file.ts";
import { osPids } from "../../src/process/proc-stat.ts";
import { procEntries } from "../../src/process/usage/proc-entries.ts";
import { lives } from "../process/observe.ts";
import { waitFor } from "../wait-for.ts";

interface Setting {
  /** A folder with `gaffer.ini`, which has `on_crash = restart` and the template `web`, and a pidfile after the start. */
  readonly folder: string;
  readonly file: string;
  readonly pidfile: string;
  /** The process id in the pidfile, once it is not `previous`. */
  pid(previous?: number): Promise<number>;
}

async function inSetting(run: (setting: Setting) => Promise<void>, onCrash = "restart"): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "gafferd-crash-"));
  const pidfile = join(folder, "pid");
  const file = join(folder, "gaffer.ini");
  await Bun.write(
    file,
    `[gaffer]\nstate_dir = state\non_crash = ${onCrash}\n[endpoint:a]\nbind = unix:socket\n[process:web]\ncmd = sleep 600\n`,
  );
  const pid = async (previous?: number) =>
    await waitFor(
      () => {
        const found = existsSync(pidfile) ? Number(readFileSync(pidfile, "utf8")) : 0;
        return found > 0 && found !== previous ? found : undefined;
      },
      "the pidfile",
      20_000,
    );
  try {
    await run({ folder, file, pidfile, pid });
  } finally {
    const last = existsSync(pidfile) ? Number(readFileSync(pidfile, "utf8")) : 0;
    if (last > 0 && lives(last)) {
      process.kill(last, "SIGTERM");
      await waitFor(() => !lives(last), "the end of the last gafferd");
    }
    rmSync(folder, { recursive: true });
  }
}

/** The processes of templates of the gafferd with this process id. */
const processesOf = async (gafferd: number, count = 1) =>
  await waitFor(() => {
    const found = [...procEntries()].filter(({ osPid, parentOsPid }) => {
      return parentOsPid === gafferd && tryRead(() => readFileSync(`/proc/${osPid}/comm`, "utf8")) === "sleep\n";
    });
    return found.length === count ? found.map(({ osPid }) => osPid) : undefined;
  }, "the processes of its templates");

async function startInBackground({ file, pidfile, folder }: Setting): Promise<string> {
  const child = Bun.spawn({ cmd: [main, "--daemon", `--pidfile=${pidfile}`, file], cwd: folder, stderr: "inherit" });
  const out = await new Response(child.stdout).text();
  expect(await child.exited).toBe(0);
  return /^log (.*)$/m.exec(out)?.[1] ?? "";
}

test("with `on_crash = restart`, a killed gafferd is started again, with its templates and the same output", async () => {
  await inSetting(async (setting) => {
    const { file, pidfile, folder, pid } = setting;
    await using first = await startGafferd([`--pidfile=${pidfile}`, file], { cwd: folder });
    const old = await pid();
    const body = JSON.stringify({ name: "other", cmd: "sleep 600", cwd: "/" });
    expect((await fetch(`${first.url}/processes`, { method: "POST", body })).status).toBe(200);
    const before = await processesOf(old, 2);
    first.kill("SIGKILL");
    const next = await pid(old);
    expect(before.some(lives)).toBe(false);
    await processesOf(next, 2);
    expect(readFileSync(`/proc/${next}/cmdline`, "utf8")).toEndWith(
      `\0--bind=127.0.0.1:0\0--pidfile=${pidfile}\0${file}\0`,
    );
    await waitFor(() => first.err().split("listens on").length === 3, "the second start message");
    const log = first.err();
    expect(log).toContain(`Z warn  gafferd (${old}) was killed or crashed; starting it again in 0 s`);
    expect(log).toContain("warn  started again after gafferd was killed or crashed\n");
    expect(log).toContain(`web: stopped after gafferd (${old}) was killed: sleep (${before[0]})`);
  });
});

test("in the background too, each time that it dies", async () => {
  await inSetting(async (setting) => {
    const log = await startInBackground(setting);
    let current = await setting.pid();
    // The deaths that the guardian counts come from the environment of gafferd.
    for (const count of [1, 2]) {
      const [web = 0] = await processesOf(current);
      process.kill(current, "SIGABRT");
      current = await setting.pid(current);
      await waitFor(() => !lives(web), "the end of the old process");
      await waitFor(() => readFileSync(log, "utf8").split("started again after").length === count + 1, "its log");
    }
    expect(readFileSync(log, "utf8")).toContain("killed or crashed, 2 times within 10 minutes\n");
  });
}, 30_000);

test("a gafferd that died five times within ten minutes is not started again", async () => {
  await inSetting(async (setting) => {
    const { file, pidfile, folder, pid } = setting;
    const seconds = Math.floor(Number(readFileSync("/proc/uptime", "utf8").split(".")[0]));
    const env = { GAFFERD_DEATHS: Array.from({ length: 5 }, () => seconds).join(" ") };
    const argv = [`--pidfile=${pidfile}`, file];
    await using first = await startGafferd(argv, { cwd: folder, env });
    const old = await pid();
    const [web = 0] = await processesOf(old);
    first.kill("SIGKILL");
    const log = () => first.err();
    await waitFor(() => log().includes(`gafferd (${old}) was killed or crashed, 6 times`), "the last line");
    expect(log()).toContain("it is not started again");
    expect(lives(web)).toBe(false);
  });
});

test.each([
  ["was stopped", "SIGTERM", "restart"],
  ["has `on_crash = stop`", "SIGKILL", "stop"],
] as const)("a gafferd that %s is not started again", async (_, signal, onCrash) => {
  await inSetting(async (setting) => {
    const { file, pidfile, folder, pid } = setting;
    await using first = await startGafferd([`--pidfile=${pidfile}`, file], { cwd: folder });
    const old = await pid();
    const [web = 0] = await processesOf(old);
    const guardians = guardiansOf(folder);
    expect(guardians).toHaveLength(1);
    first.kill(signal);
    await first.exited;
    await waitFor(() => guardians.every((each) => !lives(each)), "the end of the guardian");
    expect(lives(web)).toBe(false);
    expect(first.err()).not.toContain(`${old}) was killed or crashed`);
  }, onCrash);
});

test("a gafferd that is killed while it stops is not started again", async () => {
  await inSetting(async (setting) => {
    const { file, pidfile, folder } = setting;
    await Bun.write(
      file,
      `${readFileSync(file, "utf8").replace("sleep 600", "sh -c 'trap \"\" TERM; sleep 600; :'")}graceful_timeout = 0.5\n`,
    );
    await using first = await startGafferd([`--pidfile=${pidfile}`, file], { cwd: folder });
    const guardians = guardiansOf(folder);
    first.kill("SIGTERM");
    await waitFor(() => first.err().includes("stopping on SIGTERM"), "the stop");
    first.kill("SIGKILL");
    await waitFor(() => guardians.every((each) => !lives(each)), "the end of the guardian");
    expect(first.err()).not.toContain("was killed or crashed");
  });
});

/** The guardians of a gafferd with its state in this folder. */
function guardiansOf(folder: string): number[] {
  return osPids()
    .map(Number)
    .filter((osPid) => {
      const words = tryRead(() => readFileSync(`/proc/${osPid}/cmdline`, "utf8")) ?? "";
      return words.includes("\0gafferd-guardian\0") && words.includes(folder);
    });
}
