import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { waitFor } from "../../wait-for.ts";
import { createFolder, main, startGafferd } from "../running.ts";

const folder = createFolder();
const path = join(folder.path, "gafferd.log");
afterAll(folder.remove);
beforeEach(() => {
  for (const name of readdirSync(folder.path)) rmSync(join(folder.path, name), { recursive: true });
});

/** Starts gafferd and waits for its URL in `file`. */
async function startLogging(file: string, argv: readonly string[] = []) {
  const child = Bun.spawn([main, "--bind=127.0.0.1:0", ...argv, `--log-file=${file}`], {
    cwd: folder.path,
    stdout: "pipe",
    stderr: "pipe",
  });
  const target = join(folder.path, file);
  const text = () => (existsSync(target) ? readFileSync(target, "utf8") : "");
  const url = await waitFor(() => /listens on (http:\S+)/.exec(text())?.[1], "its URL in the log file");
  return { child, url, text };
}

async function stop(child: Bun.Subprocess<"ignore", "pipe", "pipe">) {
  child.kill("SIGTERM");
  const [out, err, status] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { out, err, status };
}

describe("--log-file", () => {
  test("gets the log and the output of -vv, and stderr names the file", async () => {
    const config = folder.write(
      "g.ini",
      "[process:a]\ncmd = sh -c 'echo to out; exec sleep 60'\nredirect_output = stdout\n",
    );
    const { child, text } = await startLogging("gafferd.log", ["-vv", config]);
    await waitFor(() => text().includes("a[1] stdout | to out\n"), "the output in the log file");
    expect(await stop(child)).toEqual({ out: "", err: `gafferd: logging to ${path}\n`, status: 0 });
    expect(text()).toContain("stopping on SIGTERM");
    expect(statSync(path).mode & 0o777).toBe(0o640);
  });

  test("appends to an existing file", async () => {
    folder.write("gafferd.log", "earlier\n");
    const { child, text } = await startLogging("gafferd.log");
    await stop(child);
    expect(text()).toStartWith("earlier\n");
  });

  test.each(["SIGUSR1", "SIGUSR2"] as const)("is reopened on %s after it was renamed", async (signal) => {
    const { child, text } = await startLogging("gafferd.log");
    const old = join(folder.path, "gafferd.log.1");
    renameSync(path, old);
    child.kill(signal);
    await waitFor(() => text().includes(`reopened the log file on ${signal}`), "the new file");
    await stop(child);
    expect(readFileSync(old, "utf8")).not.toContain("stopping");
    expect(text()).toContain("stopping on SIGTERM");
  });

  test("keeps writing to the old file and logs an error when it cannot be reopened", async () => {
    const { child } = await startLogging("logs/gafferd.log");
    renameSync(join(folder.path, "logs"), join(folder.path, "moved"));
    const old = () => readFileSync(join(folder.path, "moved/gafferd.log"), "utf8");
    child.kill("SIGUSR1");
    await waitFor(() => old().includes("cannot reopen the log file"), "the error in the old file");
    await stop(child);
    expect(old()).toContain("stopping on SIGTERM");
  });

  test("gets the reason for a failed start, like stderr", async () => {
    await using first = await startGafferd([]);
    const { host } = new URL(first.url);
    const second = Bun.spawn([main, `--bind=${host}`, `--log-file=${path}`], { stdout: "pipe", stderr: "pipe" });
    const err = await second.stderr.text();
    expect(await second.exited).toBe(1);
    for (const text of [err, readFileSync(path, "utf8")]) expect(text).toContain(`gafferd: cannot listen on ${host}`);
  });

  test("gets the output of gafferd even if its stderr was closed", async () => {
    const shell = Bun.spawn(["sh", "-c", `exec "${main}" --bind=127.0.0.1:0 --log-file="${path}" >&- 2>&-`]);
    await waitFor(() => existsSync(path) && readFileSync(path, "utf8").includes("listens on"), "the log");
    shell.kill("SIGTERM");
    expect(await shell.exited).toBe(0);
  });
});

test("SIGUSR1 without a log file is logged, and gafferd continues", async () => {
  await using gafferd = await startGafferd([]);
  gafferd.kill("SIGUSR1");
  await waitFor(() => gafferd.err().includes("ignoring SIGUSR1: there is no log file to reopen"), "the answer");
  expect(await (await fetch(`${gafferd.url}/ping`)).text()).toBe("OK");
});

test("SIGUSR1 reopens output files, and stdout has the output of `output_to` unchanged", async () => {
  const cmd = "sh -c 'while :; do echo line; sleep 0.05; done'";
  const config = folder.write(
    "files.ini",
    `[process:a]\ncmd = ${cmd}\noutput_file = out/%n.log\n[process:b]\ncmd = sh -c 'echo raw; exec sleep 60'\noutput_to = stdout\n`,
  );
  const file = join(folder.path, "out/a.log");
  await using gafferd = await startGafferd([config]);
  await waitFor(() => existsSync(file) && statSync(file).size > 0, "the output file");
  renameSync(file, `${file}.old`);
  gafferd.kill("SIGUSR1");
  await waitFor(() => gafferd.err().includes("reopened 1 output file on SIGUSR1"), "the log line");
  await waitFor(() => existsSync(file) && statSync(file).size > 0, "the new file");
  expect(gafferd.out()).toBe("raw\n");
});

test("a full log file is rotated: it keeps a limited number of old files and loses no line", async () => {
  const program = join(import.meta.dir, "rotating.ts");
  const child = Bun.spawn([process.execPath, program, path], { stdout: "inherit", stderr: "inherit" });
  expect(await child.exited).toBe(0);
  expect(readdirSync(folder.path).toSorted()).toEqual(["gafferd.log", "gafferd.log.1", "gafferd.log.2"]);
  const texts = ["gafferd.log.2", "gafferd.log.1", "gafferd.log"].map((name) =>
    readFileSync(join(folder.path, name), "utf8"),
  );
  const numbers =
    texts
      .join("")
      .match(/\d+(?=\n)/g)
      ?.map(Number) ?? [];
  const [first = 0] = numbers;
  expect(numbers).toEqual(Array.from({ length: 1000 - first }, (_, index) => first + index));
  expect(texts.slice(0, 2).every((text) => text.length >= 2000 && text.length < 3000)).toBe(true);
});
