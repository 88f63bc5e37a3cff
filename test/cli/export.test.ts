import { afterAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { waitFor } from "../wait-for.ts";
import { createFolder, main, startGafferd } from "./running.ts";

const folder = createFolder();
afterAll(() => folder.remove());

async function ask({ url }: { url: string }, method: string, path: string, body?: object) {
  return await (await fetch(url + path, { method, ...(body && { body: JSON.stringify(body) }) })).json();
}

async function run(words: readonly string[], env: Record<string, string> = {}) {
  const child = Bun.spawn({
    cmd: [main, ...words],
    env: { ...process.env, ...env },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, status] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { out, err, status };
}

test("prints what runs, changed or not, and another gafferd starts the same from it", async () => {
  folder.write("gaffer.ini", "[process:web]\ncmd = sleep 600\nenv:A = it's '$5' \n");
  await using first = await startGafferd([join(folder.path, "gaffer.ini")]);
  await ask(first, "POST", "/processes/web/_add/2");
  await ask(first, "POST", "/processes", { name: "job", cmd: "sh", args: ["-c", "sleep 600\n# end\n"], cwd: "/" });
  await ask(first, "POST", "/processes/job/_stop");

  const { out, err, status } = await run(["export", `--url=${first.url}`]);
  expect([err, status]).toEqual(["", 0]);
  expect(out).toBe(`[process:web]
cmd = sleep 600
cwd = ${folder.path}
numprocesses = 3
env:A = it's '$5'

[process:job]
cmd = sh
args = -c sleep' '600'
  '\\#' 'end'
  '
cwd = /
start = false
`);
  expect(await run(["export"], { GAFFERD_URL: first.url })).toMatchObject({ out, status: 0 });

  const copy = join(folder.path, "copy.ini");
  await Bun.write(copy, out);
  const checked = await run(["--check", copy]);
  expect([checked.err, checked.status]).toEqual(["", 0]);
  expect(checked.out).toContain("OK: 2 templates");
  await using second = await startGafferd([copy]);
  for (const path of ["/status/web", "/status/job"]) {
    expect(await ask(second, "GET", path)).toMatchObject({
      numprocesses: path.endsWith("web") ? 3 : 1,
      stopped: path.endsWith("job"),
    });
  }
  expect((await run(["export", "--url", second.url])).out).toBe(out);
});

test("reaches a gafferd at a unix socket", async () => {
  folder.write("gaffer.ini", "[process:web]\ncmd = sleep 600\n[endpoint:a]\nbind = unix:sock\n");
  const child = Bun.spawn({
    cmd: [main, join(folder.path, "gaffer.ini")],
    cwd: folder.path,
    env: process.env,
    stderr: "ignore",
  });
  try {
    const socket = join(folder.path, "sock");
    await waitFor(() => existsSync(socket), "the socket");
    const { out, err, status } = await run(["export", `--url=unix:${socket}`]);
    expect([status, err, out]).toEqual([0, "", `[process:web]\ncmd = sleep 600\ncwd = ${folder.path}\n`]);
  } finally {
    child.kill();
    await child.exited;
  }
});

test("if no gafferd answers, it says so and what to do", async () => {
  const { out, err, status } = await run(["export", "--url=http://127.0.0.1:1"]);
  expect([out, status]).toEqual(["", 1]);
  expect(err).toMatch(
    /^gafferd: cannot reach a gafferd at http:\/\/127\.0\.0\.1:1: .+; start one with `gafferd`, or give the address of another one with --url=URL\n$/,
  );
});

test.each([
  [["--help"], 0, "usage: gafferd export [--url=URL]"],
  [["--ulr=x"], 2, "unknown option `--ulr`; did you mean `--url`?"],
  [["extra"], 2, "unexpected argument `extra`"],
  [["--url"], 2, "`--url` needs a value"],
])("gafferd export %j exits with status %d", async (words, expected, text) => {
  const { out, err, status } = await run(["export", ...words]);
  expect(status).toBe(expected);
  expect(out + err).toContain(text);
});

test("GET /processes?format=ini is text, and an error names the values that cannot be written", async () => {
  await using gafferd = await startGafferd([]);
  const ini = async (query = "") => await fetch(`${gafferd.url}/processes?format=ini${query}`);
  const create = async (body: object) =>
    await fetch(`${gafferd.url}/processes`, { method: "POST", body: JSON.stringify(body) });
  const empty = await ini();
  expect([empty.status, empty.headers.get("content-type"), await empty.text()]).toEqual([
    200,
    "text/plain; charset=utf-8",
    "",
  ]);
  await create({ name: "a", cmd: "sleep 600", cwd: "/" });
  await create({ name: "b", cmd: "sleep 600", cwd: "/", start: false, env: { A: "x\ry" } });
  expect(await (await ini("&running=true")).text()).toBe("[process:a]\ncmd = sleep 600\ncwd = /\n");
  const refused = await ini();
  expect(refused.status).toBe(422);
  expect(await refused.json()).toMatchObject({
    error: "invalid_config",
    message: expect.stringContaining("cannot write a value as INI: `env:A` of `b`"),
  });
});
