import { afterAll, expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createClient, type RunDocument } from "gafferd/client";
import { createFolder, startGafferd } from "../cli/running.ts";
import { startCuttingProxy } from "../cutting-proxy.ts";
import { lives } from "../process/observe.ts";
import { waitFor } from "../wait-for.ts";

/** More of them take long; `GAFFERD_KILLS=100` is the number for a release. */
const rounds = Number(process.env["GAFFERD_KILLS"] ?? 1);
const callers = 100;
const longestLifeMs = 600;
const folder = createFolder();
afterAll(folder.remove);
const config = folder.write("gaffer.ini", "[gaffer]\nstate_dir = state\nbundled_plugins = none\n");

test(`${callers} identical requests, over connections that break, with a kill of gafferd between: started once, one end`, async () => {
  for (let round = 0; round < rounds; round++) {
    const started = join(folder.path, `started-${round}`);
    const body = { cmd: `echo started >> ${started}; sleep 0.2; exit 7`, shell: true };
    await using first = await startGafferd(["-c", config]);
    await using firstProxy = await startCuttingProxy(first.url, 50, 3000);
    let { url } = firstProxy;
    const client = createClient({
      url: "http://gafferd",
      fetch: async (address, init) => await fetch(address.replace("http://gafferd", url), init),
    });
    const ends = Promise.all(Array.from({ length: callers }, () => client.run(`x-${round}`, body).exit));
    await Bun.sleep(Math.random() * longestLifeMs);
    first.kill("SIGKILL");
    await first.exited;
    await using second = await startGafferd(["-c", config]);
    await using secondProxy = await startCuttingProxy(second.url, 50, 3000);
    ({ url } = secondProxy);
    const learned = new Set((await ends).map(endOf));
    expect([...learned]).toEqual([expect.stringMatching(/^(exited 7 null itself|lost null null null)$/)]);
    expect(startsIn(started)).toBeLessThanOrEqual(1);
    if (learned.has("exited 7 null itself")) expect(startsIn(started)).toBe(1);
  }
}, 600_000);

test("after a restart, runs that had ended are as they were, without their output, and their ids are not used again", async () => {
  await using first = await startGafferd(["-c", config]);
  const before = (await (await put(first.url, "done", { cmd: "echo hello" })).json()) as RunDocument;
  await put(first.url, "stopped", { cmd: "sleep 60" }, "?wait=0");
  first.kill("SIGTERM");
  await first.exited;
  await using second = await startGafferd(["-c", config]);
  const after = (await (await put(second.url, "done", { cmd: "echo hello" })).json()) as RunDocument;
  expect(after).toEqual({
    ...before,
    pid: null,
    existing: true,
    output: {
      stdout: { data: "", from: 0, to: 6, omitted: 6, next: null },
      stderr: { data: "", from: 0, to: 0, omitted: 0, next: null },
    },
  });
  const stopped = (await (await fetch(`${second.url}/runs/stopped`)).json()) as RunDocument;
  expect(stopped).toMatchObject({ state: "exited", term_signal: "SIGTERM", ended_by: "shutdown", pid: null });
  for (const path of ["output", "output/stdout", "stdin"]) {
    const answer = await fetch(`${second.url}/runs/done/${path}`);
    expect([path, answer.status, await answer.json()]).toEqual([path, 410, expect.objectContaining({ error: "gone" })]);
  }
  expect((await put(second.url, "done", { cmd: "echo other" })).status).toBe(409);
  expect(await (await fetch(`${second.url}/runs/done`, { method: "DELETE" })).json()).toEqual({
    ok: true,
    existed: true,
  });
  expect(await (await put(second.url, "done", { cmd: "echo other" })).json()).toMatchObject({ existing: false });
  rmSync(join(folder.path, "state"), { recursive: true });
});

test("output with `output_keep` can be read after a kill of gafferd, also that of a lost run, and of the last with its id", async () => {
  await using first = await startGafferd(["-c", config]);
  const keep = { shell: true, output_keep: "1m" };
  await put(first.url, "kept", { cmd: "echo before", ...keep });
  await fetch(`${first.url}/runs/kept`, { method: "DELETE" });
  const done = (await (await put(first.url, "kept", { cmd: "echo one; echo two >&2", ...keep })).json()) as RunDocument;
  await put(first.url, "cut", { cmd: "echo begun; exec sleep 60", ...keep }, "?wait=0");
  const journal = join(folder.path, "state/journal/run~cut/0000000001.gj");
  await waitFor(() => existsSync(journal) && readFileSync(journal, "latin1").includes("begun\n"), "the output on disk");
  first.kill("SIGKILL");
  await first.exited;
  await using second = await startGafferd(["-c", config]);
  expect(await read(second.url, "kept/output/stdout?feed=continuous")).toBe("one\n");
  expect(await read(second.url, "kept/output/stderr?tail=1")).toBe("two\n");
  expect(await read(second.url, "cut/output/stdout?feed=continuous")).toBe("begun\n");
  const events = await read(second.url, "kept/output?feed=eventsource");
  expect(events).toContain('event: exit\ndata: {"pid":2,"exit_status":0,"term_signal":null}\n');
  // An id from before the kill is still a place.
  const next = done.output["stdout"]?.next ?? "";
  expect(await read(second.url, `kept/output/stdout?feed=continuous&since=${next}`)).toBe("");
});

test("a run that is running when gafferd is killed is lost, with a reason, and nothing of it is left", async () => {
  await using first = await startGafferd(["-c", config]);
  const body = { cmd: "sleep 61 & sleep 61", shell: true };
  const run = createClient(first.url).run("long", body);
  const { os_pid: osPid } = await run.started;
  first.kill("SIGKILL");
  await first.exited;
  await using second = await startGafferd(["-c", config]);
  const end = await createClient(second.url).run("long", body).exit;
  expect(end).toMatchObject({ state: "lost", exit_status: null, term_signal: null, ended_by: null, exited_at: null });
  expect(end.reason).toMatch(new RegExp(`while (process ${osPid} was running|it started the process)`));
  expect(end.output).toEqual({});
  // A client that follows events is told too.
  const events = await (await put(second.url, "long", body, "?feed=eventsource")).text();
  expect(events.match(/^event: .*$/gm)).toEqual(["event: run", "event: gap", "event: exit"]);
  expect(events).toContain('"state":"lost","exit_status":null');
  await waitFor(() => !lives(osPid ?? 0), "the end of the process");
});

async function put(url: string, id: string, body: object, query = ""): Promise<Response> {
  return await fetch(`${url}/runs/${id}${query}`, { method: "PUT", body: JSON.stringify(body) });
}

async function read(url: string, path: string): Promise<string> {
  return await (await fetch(`${url}/runs/${path}`)).text();
}

function endOf({ state, exit_status: status, term_signal: signal, ended_by: by }: RunDocument): string {
  return [state, status, signal, by].map(String).join(" ");
}

function startsIn(path: string): number {
  try {
    return readFileSync(path, "utf8").split("\n").length - 1;
  } catch {
    return 0;
  }
}
