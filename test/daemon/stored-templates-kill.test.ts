import { afterAll, expect, test } from "bun:test";
import { createFolder, type RunningGafferd, startGafferd } from "../cli/running.ts";

/** More of them take long; `GAFFERD_KILLS=100` is the number for a release. */
const kills = Number(process.env["GAFFERD_KILLS"] ?? 4);
const longestLifeMs = 150;
/** More of them would make every start slower than the one before. */
const maxTemplates = 100;
const folder = createFolder();
afterAll(folder.remove);

/** What is known of a template: what was answered last, and what was asked but not answered. */
interface Known {
  readonly answered: State | undefined;
  readonly asked: State | undefined;
}

interface State {
  readonly numprocesses: number;
  readonly stopped: boolean;
  readonly text: string;
}

test("gafferd killed at any moment keeps every template as it was answered, and no half of what was not", async () => {
  const config = folder.write("gaffer.ini", "[gaffer]\nstate_dir = state\nbundled_plugins = none\n");
  const known = new Map<string, Known>();
  let last = 0;
  for (let round = 0; round <= kills; round++) {
    await using gafferd = await startGafferd(["-c", config]);
    await compare(gafferd, known);
    if (round === kills) break;
    const killed = Bun.sleep(Math.random() * longestLifeMs).then(() => gafferd.kill("SIGKILL"));
    // Several clients, so that changes are written while others are.
    await Promise.all(
      [1, 2, 3].map(async () => {
        try {
          for (;;) await changeSomething(gafferd.url, known, () => `t${++last}`);
        } catch {
          // It is dead.
        }
      }),
    );
    await killed;
    await gafferd.exited;
  }
  expect(last).toBeGreaterThan(kills);
}, 600_000);

async function changeSomething(url: string, known: Map<string, Known>, newName: () => string): Promise<void> {
  // A template is changed by one client at a time: its state would be anybody's guess.
  const free = [...known].filter(([, { answered, asked }]) => answered !== undefined && asked === answered);
  const choices = free.length < maxTemplates ? free.length * 2 : free.length;
  const [name, { answered }] = free[Math.floor(Math.random() * choices)] ?? [newName(), { answered: undefined }];
  const [request, asked] = chooseChange(name, answered);
  known.set(name, { answered, asked });
  const answer = await fetch(url + request.path, { method: request.method, body: JSON.stringify(request.body) });
  if (!answer.ok) throw new Error(`${request.method} ${request.path}: ${await answer.text()}`);
  await answer.json();
  known.set(name, { answered: asked, asked });
}

function chooseChange(name: string, now: State | undefined) {
  const text = "x".repeat(Math.floor(Math.random() * 3000));
  const settings = { name, cmd: "sleep 600", env: { TEXT: text }, start: false, numprocesses: 1 };
  if (now === undefined) {
    return [
      { method: "POST", path: "/processes", body: settings },
      { numprocesses: 1, stopped: true, text },
    ] as const;
  }
  const path = `/processes/${name}`;
  const choices = [
    () =>
      [
        { method: "PUT", path, body: { ...settings, numprocesses: 2 } },
        { ...now, numprocesses: 2, text },
      ] as const,
    () => [{ method: "DELETE", path, body: undefined }, undefined] as const,
    () =>
      [
        { method: "POST", path: `${path}/_${now.numprocesses < 3 ? "add" : "sub"}`, body: {} },
        { ...now, numprocesses: now.numprocesses + (now.numprocesses < 3 ? 1 : -1) },
      ] as const,
    () =>
      [
        { method: "POST", path: `${path}/_sub/2`, body: {} },
        { ...now, numprocesses: Math.max(0, now.numprocesses - 2) },
      ] as const,
    () =>
      [
        { method: "POST", path: `${path}/_stop`, body: {} },
        { ...now, stopped: true },
      ] as const,
    () =>
      [
        { method: "POST", path: `${path}/_start`, body: {} },
        { ...now, stopped: false },
      ] as const,
  ];
  return choices[Math.floor(Math.random() * choices.length)]!();
}

/** Every template is in the state that was answered, or in the one that was asked for. That is the known one from now on. */
async function compare({ url }: RunningGafferd, known: Map<string, Known>): Promise<void> {
  const all = (await (await fetch(`${url}/processes?detail=true`)).json()) as {
    name: string;
    numprocesses: number;
    env: { TEXT: string };
    status: { stopped: boolean };
  }[];
  const found = new Map(
    all.map(({ name, numprocesses, env, status }) => {
      return [name, { numprocesses, stopped: status.stopped, text: env.TEXT }];
    }),
  );
  for (const [name, { answered, asked }] of known) {
    const state = found.get(name);
    const isKnown = [answered, asked].some((each) => Bun.deepEquals(each, state));
    if (!isKnown) expect({ name, state }).toEqual({ name, state: answered });
    known.set(name, { answered: state, asked: state });
  }
  expect([...found.keys()].filter((name) => !known.has(name))).toEqual([]);
}
