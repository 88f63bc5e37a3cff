import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { lives } from "../process/observe.ts";
import { waitFor } from "../wait-for.ts";
import { createFolder, main, startGafferd } from "./running.ts";

const folder = createFolder();
afterAll(folder.remove);

const examples = join(import.meta.dir, "../../examples/gaffer.ini");

describe("the examples", () => {
  test("are served: lines of `dummy` come with ids, and `echo` returns its input", async () => {
    await using gafferd = await startGafferd(["-c", examples]);
    expect(gafferd.err()).toContain("(2 templates)");

    const stream = await fetch(`${gafferd.url}/streams/1/stdout?feed=eventsource`);
    expect(stream.headers.get("content-type")).toStartWith("text/event-stream");
    const text = await readUntil(stream, (soFar) => soFar.includes("hello 2"));
    expect(text).toMatch(/event: stdout\n(?:id: \S+\n)?data: hello 1\n/);
    expect(text.match(/^id: \S+$/gm)?.length).toBeGreaterThanOrEqual(2);

    const posted = await fetch(`${gafferd.url}/streams/2/stdin`, { method: "POST", body: "hello" });
    expect(await posted.json()).toEqual({ ok: true, bytes: 5, taken: 5 });
    const answer = await fetch(`${gafferd.url}/streams/2/stdout`);
    expect(await answer.text()).toBe("hello");
  });
});

describe("a given-up template with `on_give_up = shutdown`", () => {
  test.each([
    ["it flaps", "cmd = false\nflapping = 2, 10s, 10ms, 0", "`a` exited 2 times within 10 s"],
    ["it cannot be spawned", "cmd = /no/such/program\nbackoff = off", "/no/such/program"],
  ])("ends gafferd with status 3 after the other processes have stopped: %s", async (_, settings, reason) => {
    const other = "[process:b]\npriority = 1\ncmd = sleep 60\n";
    const file = folder.write("shutdown.ini", `${other}[process:a]\n${settings}\non_give_up = shutdown\n`);
    const ended = Bun.spawn({
      cmd: [main, "--bind=127.0.0.1:0", "-v", file],
      stdout: "pipe",
      stderr: "pipe",
    });
    const [out, err, status] = await Promise.all([ended.stdout.text(), ended.stderr.text(), ended.exited]);
    expect(status).toBe(3);
    expect(err).toContain("stopping: a template was given up");
    expect(err).toContain("gafferd: stopped: ");
    expect(err).toContain(reason);
    expect(out).toContain("b[1] exit, SIGTERM");
  });

  test("does not end gafferd when a request creates a template that cannot be spawned", async () => {
    await using gafferd = await startGafferd([]);
    const body = JSON.stringify({ name: "a", cmd: "/no/such/program", on_give_up: "shutdown" });
    const answer = await fetch(`${gafferd.url}/processes`, { method: "POST", body });
    expect(answer.status).toBe(422);
    expect((await fetch(`${gafferd.url}/ping`)).status).toBe(200);
  });
});

describe("a signal", () => {
  test.each(["SIGTERM", "SIGINT", "SIGQUIT"] as const)(
    "%s stops the processes, then gafferd with status 0",
    async (signal) => {
      const file = folder.write(`${signal}.ini`, "[process:a]\ncmd = sleep 60\nnumprocesses = 2\n");
      await using gafferd = await startGafferd([file]);
      const osPids = await runningOsPids(gafferd.url);
      expect(osPids).toHaveLength(2);
      gafferd.kill(signal);
      expect(await gafferd.exited).toBe(0);
      expect(osPids.map(lives)).toEqual([false, false]);
    },
  );

  test("kills slow processes when it comes a second time", async () => {
    const cmd = `cmd = sh -c 'trap "" TERM; echo ready; sleep 60 & wait; sleep 60'`;
    const file = folder.write("stubborn.ini", `[process:a]\n${cmd}\nredirect_output = stdout\ngraceful_timeout = 60\n`);
    await using gafferd = await startGafferd([file]);
    await fetch(`${gafferd.url}/streams/1/stdout`).then((response) => response.text());
    const [osPid = 0] = await runningOsPids(gafferd.url);
    gafferd.kill("SIGTERM");
    await waitFor(() => gafferd.err().includes("stopping on SIGTERM"), "the end to begin");
    expect(lives(osPid)).toBe(true);
    gafferd.kill("SIGTERM");
    expect(await gafferd.exited).toBe(0);
    expect(lives(osPid)).toBe(false);
  });

  test("logs each template that gafferd waits for, with -v", async () => {
    const cmd = `cmd = sh -c 'trap "" TERM; echo ready; sleep 60 & wait; sleep 60'`;
    const file = folder.write("slow.ini", `[process:a]\n${cmd}\nredirect_output = stdout\ngraceful_timeout = 1\n`);
    await using gafferd = await startGafferd(["-v", file]);
    await fetch(`${gafferd.url}/streams/1/stdout`).then((response) => response.text());
    gafferd.kill("SIGTERM");
    expect(await gafferd.exited).toBe(0);
    expect(gafferd.err()).toContain("waiting for a: 1 process, 1 s at most");
  });

  test("stops gracefully when it comes twice at once, as from Ctrl-C under npm", async () => {
    const mark = join(folder.path, "graceful");
    const cmd = `cmd = sh -c 'trap "sleep 0.3; touch ${mark}; exit" TERM; echo ready; while :; do sleep 0.05; done'`;
    const file = folder.write("twice.ini", `[process:a]\n${cmd}\nredirect_output = stdout\n`);
    await using gafferd = await startGafferd([file]);
    await fetch(`${gafferd.url}/streams/1/stdout`).then((response) => response.text());
    gafferd.kill("SIGINT");
    gafferd.kill("SIGINT");
    expect(await gafferd.exited).toBe(0);
    expect(existsSync(mark)).toBe(true);
  });

  test("SIGHUP reloads the file and applies the changes", async () => {
    const file = folder.write("reload.ini", "[process:a]\ncmd = sleep 60\n");
    await using gafferd = await startGafferd([file]);
    const names = () => fetch(`${gafferd.url}/processes`).then((response) => response.json());
    folder.write("reload.ini", "[process:a]\ncmd = sleep 60\n[process:b]\ncmd = sleep 60\n");
    gafferd.kill("SIGHUP");
    await waitFor(() => gafferd.err().includes("info  reloaded on SIGHUP"), "the reload");
    expect(await names()).toEqual(["a", "b"]);
    folder.write("reload.ini", "[process:a]\ncmd = sleep 61\nnope = 1\n[plugin:nobody]\n");
    gafferd.kill("SIGHUP");
    await waitFor(
      () => gafferd.err().includes(`cannot reload on SIGHUP, nothing was changed: ${file}:3: `),
      "its refusal",
    );
    folder.write("reload.ini", "[process:a]\ncmd = sleep 61\n[plugin:nobody]\n");
    gafferd.kill("SIGHUP");
    await waitFor(
      () => gafferd.err().includes(`nothing was changed: ${file}:3: [plugin:nobody] is for a`),
      "its refusal",
    );
    expect(await names()).toEqual(["a", "b"]);
  });

  test("SIGHUP without a file is logged, and gafferd continues", async () => {
    await using gafferd = await startGafferd([]);
    gafferd.kill("SIGHUP");
    await waitFor(() => gafferd.err().includes("there is no configuration file to reload"), "the answer to SIGHUP");
    expect(await fetch(`${gafferd.url}/ping`).then((response) => response.text())).toBe("OK");
  });
});

describe("the console", () => {
  const file = folder.write(
    "console.ini",
    "[process:talk]\ncmd = sh -c 'echo to out; echo to err >&2; exec sleep 60'\nredirect_output = stdout, stderr\n",
  );

  test("prints nothing on stdout without -v", async () => {
    await using gafferd = await startGafferd([file]);
    gafferd.kill("SIGTERM");
    await gafferd.exited;
    expect(gafferd.out()).toBe("");
  });

  test("prints events with -v", async () => {
    await using gafferd = await startGafferd(["-v", file]);
    await waitFor(() => gafferd.out().includes("talk[1] spawn, os_pid "), "the spawn event");
    gafferd.kill("SIGTERM");
    await gafferd.exited;
    const lines = gafferd
      .out()
      .replaceAll(/^\S+Z /gm, "")
      .replace(/os_pid \d+/, "os_pid N")
      .split("\n");
    expect(lines).toEqual([
      "talk create",
      "talk start",
      "talk[1] spawn, os_pid N",
      "talk stop",
      "talk[1] stop_pid",
      "talk[1] exit, SIGTERM",
      "",
    ]);
  });

  test("prints outputs with -vv, including those of later processes", async () => {
    await using gafferd = await startGafferd(["-vv", file]);
    await waitFor(() => gafferd.out().includes("talk[1] stderr | to err\n"), "the line on stderr");
    await waitFor(() => gafferd.out().includes("talk[1] stdout | to out\n"), "the line on stdout");
    await fetch(`${gafferd.url}/processes/talk/_restart`, { method: "POST" });
    await waitFor(() => gafferd.out().includes("talk[2] stdout | to out\n"), "the line of the next process");
  });

  test("prints the outputs of a section by default, and not with `none`", async () => {
    const cmd = "sh -c 'echo to out; echo to err >&2; exec sleep 60'";
    const short = folder.write(
      "short.ini",
      `[process:a]\ncmd = ${cmd}\n[process:b]\ncmd = ${cmd}\nredirect_output = none\n`,
    );
    await using gafferd = await startGafferd(["-vv", short]);
    await waitFor(() => gafferd.out().includes("a[1] stderr | to err\n"), "the line on stderr");
    await waitFor(() => gafferd.out().includes("a[1] stdout | to out\n"), "the line on stdout");
    await waitFor(() => gafferd.out().includes("b[2] spawn"), "the other process");
    expect(gafferd.out()).not.toContain("b[2] std");
    const documents = (await (await fetch(`${gafferd.url}/processes?detail=true`)).json()) as object[];
    expect(documents).toMatchObject([{ redirect_output: ["stdout", "stderr"] }, { redirect_output: [] }]);
  });

  test("does not end gafferd when its reader goes away", async () => {
    const flood = folder.write("flood.ini", "[process:flood]\ncmd = yes\nredirect_output = stdout\n");
    const shell = Bun.spawn({
      cmd: ["sh", "-c", `"${main}" --bind=127.0.0.1:0 -vv "${flood}" | head -n 3 >&2`],
      stderr: "pipe",
    });
    let err = "";
    const reading = (async () => {
      for await (const bytes of shell.stderr) err += new TextDecoder().decode(bytes);
    })();
    const url = await waitFor(() => /listens on (\S+)/.exec(err)?.[1], "the URL of gafferd");
    await waitFor(() => (err.match(/flood/g)?.length ?? 0) >= 3, "three lines through head");
    expect(await fetch(`${url}/ping`).then((response) => response.text())).toBe("OK");
    const [osPid = 0] = await runningOsPids(url);
    expect(lives(osPid)).toBe(true);
    const gafferdPid = Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${osPid}/status`, "utf8"))?.[1]);
    process.kill(gafferdPid, "SIGTERM");
    await Promise.all([shell.exited, reading]);
    expect(err).toContain("stopping on SIGTERM");
  });
});

describe("a start", () => {
  test("without a file starts an empty host and says how to start a process", async () => {
    await using gafferd = await startGafferd([]);
    expect(gafferd.err()).toContain("(no processes yet)");
    const [, command = ""] = await waitFor(() => /start a process: (curl .*)\n/.exec(gafferd.err()), "the advice");
    const curl = Bun.spawn({ cmd: ["sh", "-c", `${command} -sS`], stdout: "pipe", stderr: "inherit" });
    expect(JSON.parse(await curl.stdout.text())).toMatchObject({ ok: true });
    expect(await fetch(`${gafferd.url}/processes`).then((response) => response.json())).toEqual(["hello"]);
  });

  test("on a terminal shows the address in a box", async () => {
    let screen = "";
    const child = Bun.spawn({
      cmd: [main, "--bind=127.0.0.1:0"],
      env: { ...process.env, TERM: "xterm-256color", HOME: folder.path },
      terminal: { cols: 120, rows: 30, data: (_, bytes) => void (screen += new TextDecoder().decode(bytes)) },
    });
    await waitFor(() => screen.includes("╯"), "the end of the box");
    child.kill("SIGTERM");
    expect(await child.exited).toBe(0);
    child.terminal?.close();
    expect(Bun.stripANSI(screen)).toMatch(/╭─+╮\s+│ +│\s+│ {2}gafferd \S+ listens on http:\S+ \(no processes yet\) +│/);
  });

  test("on an address in use fails with status 1 and names the process that uses it", async () => {
    await using gafferd = await startGafferd([]);
    const { host } = new URL(gafferd.url);
    const mark = join(folder.path, "should-not-run");
    const file = folder.write("mark.ini", `[process:a]\ncmd = touch ${mark}\n`);
    const second = Bun.spawn({ cmd: [main, `--bind=${host}`, file], stdout: "pipe", stderr: "pipe" });
    const err = await second.stderr.text();
    expect(await second.exited).toBe(1);
    expect(err).toStartWith(`gafferd: cannot listen on ${host}`);
    expect(err).toContain(` is used by process ${gafferd.osPid}: `);
    expect(err).toContain("--bind=");
    expect(existsSync(mark)).toBe(false);
  });

  test("writes a pidfile, refuses a second gafferd with it, and removes it at the end", async () => {
    const pidfile = join(folder.path, "gafferd.pid");
    await using gafferd = await startGafferd([`--pidfile=${pidfile}`]);
    expect(readFileSync(pidfile, "utf8")).toBe(`${gafferd.osPid}\n`);
    const second = Bun.spawn({
      cmd: [main, "--bind=127.0.0.1:0", `--pidfile=${pidfile}`],
      stdout: "pipe",
      stderr: "pipe",
    });
    expect(await second.stderr.text()).toContain(`gafferd is already running as process ${gafferd.osPid}`);
    expect(await second.exited).toBe(1);
    expect(readFileSync(pidfile, "utf8")).toBe(`${gafferd.osPid}\n`);
    gafferd.kill("SIGTERM");
    await gafferd.exited;
    expect(existsSync(pidfile)).toBe(false);
  });
});

async function runningOsPids(url: string): Promise<number[]> {
  const templates = (await fetch(`${url}/processes?detail=true`).then((response) => response.json())) as {
    processes: { os_pid: number; state: string }[];
  }[];
  return templates.flatMap(({ processes }) => processes.map((process) => process.os_pid));
}

async function readUntil(response: Response, isEnough: (text: string) => boolean): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of response.body ?? []) {
    text += decoder.decode(bytes, { stream: true });
    if (isEnough(text)) break;
  }
  return text;
}
