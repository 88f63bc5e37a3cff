import { afterAll, afterEach, expect, test } from "bun:test";
import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { lives } from "../process/observe.ts";
import { waitFor } from "../wait-for.ts";
import { createFolder, main } from "./running.ts";

const folder = createFolder();
const pidfile = join(folder.path, "gafferd.pid");
const daemonArguments = ["--daemon", "--bind=127.0.0.1:0", "--pidfile=gafferd.pid"];

afterAll(folder.remove);
afterEach(stopDaemon);

test("--daemon returns when gafferd listens, prints where, and leaves it running in a session of its own", async () => {
  const { status, out, err } = await run(daemonArguments);
  expect({ status, err }).toEqual({ status: 0, err: "" });
  expect(out).toMatch(/^http:\/\/127\.0\.0\.1:\d+\n$/);
  expect(await ping(out.trim())).toBe("OK");

  const osPid = daemonOsPid();
  expect(readlinkSync(`/proc/${osPid}/cwd`)).toBe("/");
  const [, , , , , session] = readFileSync(`/proc/${osPid}/stat`, "utf8").split(" ");
  expect(session).toBe(String(osPid));
  for (const descriptor of [0, 1, 2]) expect(readlinkSync(`/proc/${osPid}/fd/${descriptor}`)).toBe("/dev/null");
});

test("paths are those of the folder where it was started", async () => {
  folder.write("gaffer.ini", "[process:where]\ncmd = sh -c 'pwd; exec sleep 60'\nredirect_output = stdout\n");
  const { status, out } = await run(["--daemon", "--pidfile=gafferd.pid", "--bind=unix:gafferd.sock", "gaffer.ini"]);
  expect(status).toBe(0);
  const socket = join(folder.path, "gafferd.sock");
  expect(out).toBe(`unix:${socket}\n`);
  const answer = await fetch("http://localhost/streams/1/stdout", { unix: socket });
  expect(await answer.text()).toBe(`${folder.path}\n`);
});

test("its processes do not hear that it was started as a daemon", async () => {
  folder.write(
    "env.ini",
    "[process:env]\ncmd = sh -c 'env; ls /proc/self/fd; exec sleep 60'\nredirect_output = stdout\n",
  );
  const { out } = await run([...daemonArguments, "env.ini"]);
  const text = await fetch(`${out.trim()}/streams/1/stdout`).then((response) => response.text());
  expect(text).toContain("PATH=");
  expect(text).not.toMatch(/^GAFFERD_(?!PROCESS=)/m);
});

test("a caller that reads to the end does not wait for the daemon to end", async () => {
  const shell = Bun.spawn({
    cmd: ["sh", "-c", `"${main}" ${daemonArguments.join(" ")} 2>&1 | cat`],
    cwd: folder.path,
    stdout: "pipe",
  });
  expect(await shell.stdout.text()).toMatch(/^http:\S+\n$/);
  expect(await shell.exited).toBe(0);
});

test("its output stays where it goes, if that is a file", async () => {
  const log = join(folder.path, "gafferd.log");
  const shell = Bun.spawn({
    cmd: ["sh", "-c", `"${main}" ${daemonArguments.join(" ")} -v >> "${log}" 2>&1`],
    cwd: folder.path,
  });
  expect(await shell.exited).toBe(0);
  await stopDaemon();
  expect(readFileSync(log, "utf8")).toMatch(/listens on http[\s\S]*stopping on SIGTERM/);
});

test("what keeps it from starting is told by the caller, with its status", async () => {
  const wrong = folder.write("wrong.ini", "[process:web]\nnumproceses = 2\n");
  const configured = await run([...daemonArguments, wrong]);
  expect(configured).toMatchObject({ status: 2, out: "" });
  expect(configured.err).toContain(`${wrong}:2: [process:web] numproceses: is not a known key`);

  using server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const occupied = await run(["--daemon", `--bind=127.0.0.1:${server.port}`, "--pidfile=gafferd.pid"]);
  expect(occupied).toMatchObject({ status: 1, out: "" });
  expect(occupied.err).toStartWith(`gafferd: cannot listen on 127.0.0.1:${server.port}`);
  expect(occupied.err).toContain(`Process ${process.pid} has it: `);
  expect(existsSync(pidfile)).toBe(false);
});

test("a second one with its pidfile is refused", async () => {
  await run(daemonArguments);
  const second = await run(daemonArguments);
  expect(second).toMatchObject({ status: 1, out: "" });
  expect(second.err).toContain(`gafferd is already running as process ${daemonOsPid()}`);
});

async function run(argv: readonly string[]): Promise<{ status: number; out: string; err: string }> {
  const child = Bun.spawn({ cmd: [main, ...argv], cwd: folder.path, stdout: "pipe", stderr: "pipe" });
  const [out, err, status] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { status, out, err };
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
