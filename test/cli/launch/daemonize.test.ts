import { afterAll, afterEach, expect, test } from "bun:test";
import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { lives } from "../../process/observe.ts";
import { waitFor } from "../../wait-for.ts";
import { createFolder, main } from "../running.ts";

const folder = createFolder();
const pidfile = join(folder.path, "gafferd.pid");
/** Runs it with a folder of this test as home. */
const env = { ...process.env, HOME: folder.path };
const logFile = join(folder.path, ".gafferd/state/gafferd.log");
const daemonArguments = ["--daemon", "--bind=127.0.0.1:0", "--pidfile=gafferd.pid"];

afterAll(folder.remove);
afterEach(stopDaemon);

test("--daemon returns when gafferd listens, prints its pid, URL and log, and leaves it running in its own session", async () => {
  const { status, out, err } = await run(daemonArguments);
  expect({ status, err }).toEqual({ status: 0, err: "" });
  const osPid = daemonOsPid();
  expect(out).toMatch(/^pid \d+\nurl http:\/\/127\.0\.0\.1:\d+\nlog .*\n$/);
  expect(out).toStartWith(`pid ${osPid}\n`);
  expect(out).toEndWith(`\nlog ${logFile}\n`);
  expect(await ping(urlIn(out))).toBe("OK");

  expect(readlinkSync(`/proc/${osPid}/cwd`)).toBe("/");
  const [, , , , , session] = readFileSync(`/proc/${osPid}/stat`, "utf8").split(" ");
  expect(session).toBe(String(osPid));
  const targets = [0, 1, 2].map((descriptor) => readlinkSync(`/proc/${osPid}/fd/${descriptor}`));
  expect(targets).toEqual(["/dev/null", logFile, logFile]);
});

test("relative paths are resolved in the folder where it was started", async () => {
  folder.write("gaffer.ini", "[process:where]\ncmd = sh -c 'pwd; exec sleep 60'\nredirect_output = stdout\n");
  const { status, out } = await run(["--daemon", "--pidfile=gafferd.pid", "--bind=unix:gafferd.sock", "gaffer.ini"]);
  expect(status).toBe(0);
  const socket = join(folder.path, "gafferd.sock");
  expect(urlIn(out)).toBe(`unix:${socket}`);
  const written = await waitFor(
    () => fetch("http://localhost/streams/1/stdout", { unix: socket }).then((response) => response.text()),
    "what the process writes",
  );
  expect(written).toBe(`${folder.path}\n`);
});

test("its processes do not inherit the readiness variable or descriptor", async () => {
  folder.write(
    "env.ini",
    "[process:env]\ncmd = sh -c 'env; ls /proc/self/fd; echo done; exec sleep 60'\nredirect_output = stdout\n",
  );
  const { out } = await run([...daemonArguments, "env.ini"]);
  const text = await waitFor(async () => {
    const written = await fetch(`${urlIn(out)}/streams/1/stdout`).then((response) => response.text());
    return written.endsWith("done\n") ? written : "";
  }, "what the process writes");
  expect(text).toContain("PATH=");
  expect(text).not.toMatch(/^GAFFERD_(?!PROCESS=)/m);
  // The three standard descriptors, and the one that `ls` opens.
  expect(text.match(/^\d+$/gm)).toEqual(["0", "1", "2", "3"]);
});

test("a caller that reads all output does not wait until the daemon ends", async () => {
  const shell = Bun.spawn({
    cmd: ["sh", "-c", `"${main}" ${daemonArguments.join(" ")} 2>&1 | cat`],
    cwd: folder.path,
    env,
    stdout: "pipe",
  });
  expect(await shell.stdout.text()).toMatch(/^pid \d+\nurl http:\S+\nlog \S+\n$/);
  expect(await shell.exited).toBe(0);
});

test("a daemon logs to `gafferd.log` of its state_dir", async () => {
  folder.write("state.ini", "[gaffer]\nstate_dir = kept/here\n[process:a]\ncmd = sleep 60\n");
  const { out } = await run([...daemonArguments, "-v", "state.ini"]);
  await stopDaemon();
  const own = join(folder.path, "kept/here/gafferd.log");
  expect(out).toEndWith(`\nlog ${own}\n`);
  expect(readFileSync(own, "utf8")).toMatch(/a\[1\] spawn[\s\S]*listens on http[\s\S]*stopping on SIGTERM/);
});

test("a daemon logs only to the file of --log-file", async () => {
  const before = readFileSync(logFile, "utf8");
  const { out } = await run([...daemonArguments, "--log-file=own.log"]);
  await stopDaemon();
  const own = join(folder.path, "own.log");
  expect(out).toEndWith(`\nlog ${own}\n`);
  expect(readFileSync(own, "utf8")).toMatch(/listens on http[\s\S]*stopping on SIGTERM/);
  expect(readFileSync(logFile, "utf8")).toBe(before);
});

test("a daemon does not start if its log file cannot be opened", async () => {
  folder.write("file", "");
  const { status, out, err } = await run([...daemonArguments, "--log-file=file/own.log"]);
  expect({ status, out }).toEqual({ status: 1, out: "" });
  expect(err).toMatch(
    /^gafferd: cannot open the log file `.*\/file\/own\.log`: E\w+.*; choose another one with --log-file\n$/,
  );
});

test("the caller prints why the daemon cannot start, and exits with its status", async () => {
  const wrong = folder.write("wrong.ini", "[process:web]\nnumproceses = 2\n");
  const configured = await run([...daemonArguments, wrong]);
  expect(configured).toMatchObject({ status: 2, out: "" });
  expect(configured.err).toContain(`${wrong}:2: [process:web] numproceses: unknown key`);

  using server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const occupied = await run(["--daemon", `--bind=127.0.0.1:${server.port}`, "--pidfile=gafferd.pid"]);
  expect(occupied).toMatchObject({ status: 1, out: "" });
  expect(occupied.err).toStartWith(`gafferd: cannot listen on 127.0.0.1:${server.port}`);
  expect(occupied.err).toContain(` is used by process ${process.pid}: `);
  expect(existsSync(pidfile)).toBe(false);
});

test("a second daemon with the same pidfile is refused", async () => {
  await run(daemonArguments);
  const second = await run(daemonArguments);
  expect(second).toMatchObject({ status: 1, out: "" });
  expect(second.err).toContain(`gafferd is already running as process ${daemonOsPid()}`);
});

async function run(argv: readonly string[]): Promise<{ status: number; out: string; err: string }> {
  const child = Bun.spawn({ cmd: [main, ...argv], cwd: folder.path, env, stdout: "pipe", stderr: "pipe" });
  const [out, err, status] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { status, out, err };
}

function urlIn(out: string): string {
  return /^url (.*)$/m.exec(out)?.[1] ?? "";
}

async function ping(url: string): Promise<string> {
  return fetch(`${url}/ping`).then((response) => response.text());
}

function daemonOsPid(): number {
  return Number(readFileSync(pidfile, "utf8"));
}

async function stopDaemon(): Promise<void> {
  if (!existsSync(pidfile)) return;
  const osPid = daemonOsPid();
  process.kill(osPid, "SIGTERM");
  await waitFor(() => !lives(osPid), "the end of the daemon");
}
