import { join } from "node:path";
import { type Gafferd, startGafferd } from "./gafferd.ts";
import { defineMeasure, type Figure, type Sample } from "./measure.ts";
import { ping } from "./ping.ts";
import { median } from "./statistics.ts";

const templates = 2000;
const createdAtOnce = 50;
const processes = 1000;
const outputMegabytes = 64;
const sections = 5000;
const watchMs = 1500;

/** The longest `/ping` beside a client that repeats one request that takes long. */
export const longRequests = defineMeasure({
  name: "long-requests",
  needs: ["yes"],
  figures: {
    detail: figure(`\`?detail=true\` of ${templates} templates`),
    ini: figure(`\`?format=ini\` of ${templates} templates`),
    metrics: figure(`\`/metrics\` of ${templates} templates and ${processes} processes`),
    stats: figure(`\`/stats\` of ${processes} processes`),
    raw: figure(`${outputMegabytes} MB of held output`),
    events: figure(`${outputMegabytes} MB of held output as events`),
    json: figure(`${outputMegabytes} MB of held output as events in JSON`),
    reload: figure(`a reload of ${sections} sections`),
  },
  round: async ({ path }) => {
    await using gafferd = await startGafferd();
    const pid = await fill(gafferd);
    const output = `/streams/${pid}/stdout?follow=false&feed=`;
    const beside = (target: string, init?: RequestInit) => pingBeside(gafferd, target, init);
    const lists = {
      detail: await beside("/processes?detail=true"),
      ini: await beside("/processes?format=ini"),
      metrics: await beside("/metrics"),
      stats: await beside("/stats"),
    };
    const streams = {
      raw: await beside(`${output}continuous`),
      events: await beside(`${output}eventsource`),
      json: await beside(`${output}eventsource&format=json`),
    };
    return { ...lists, ...streams, reload: await pingBesideReload(path) };
  },
});

function figure(what: string): Figure {
  const goals = [{ of: "value", bound: "<", value: 20 }] as const;
  return { what: `longest \`/ping\` beside ${what}`, unit: "ms", limit: "no requests", goals };
}

/** Creates templates, processes and output. Resolves to the pid of the process that has written the output. */
async function fill(gafferd: Gafferd): Promise<number> {
  const cmd = `sh -c "yes '${"a line of output, ".repeat(5)}' | head -c ${outputMegabytes}M; exec sleep 1000"`;
  const held = { redirect_output: ["stdout"], output_buffer: `${outputMegabytes}M` };
  const [pid = 0] = await gafferd.create({ name: "output", cmd, ...held });
  await gafferd.create({ name: "many", cmd: "sleep 1000", numprocesses: processes });
  for (let first = 1; first <= templates; first += createdAtOnce) {
    const numbers = Array.from({ length: createdAtOnce }, (_, index) => first + index);
    await Promise.all(numbers.map((number) => gafferd.create({ name: `t${number}`, cmd: "sleep 1000", start: false })));
  }
  return pid;
}

async function pingBesideReload(folder: string): Promise<Sample> {
  const config = join(folder, "reload.ini");
  const numbers = Array.from({ length: sections }, (_, index) => index);
  const text = numbers.map((number) => `[process:t${number}]\ncmd = sleep 1000\nstart = false\n`).join("");
  await Bun.write(config, `[endpoint:main]\nbind = 127.0.0.1:0\n${text}`);
  await using gafferd = await startGafferd(config);
  return await pingBeside(gafferd, "/_reload", { method: "POST" });
}

async function pingBeside({ url }: Gafferd, path: string, init: RequestInit = {}): Promise<Sample> {
  const alone = await ping(url, watchMs);
  const pinging = ping(url, watchMs);
  do {
    const response = await fetch(url + path, init);
    if (!response.ok) throw new Error(`gafferd answered ${response.status} to ${path}: ${await response.text()}`);
    for await (const _ of response.body ?? []);
  } while (Bun.peek.status(pinging) === "pending");
  const tookMs = await pinging;
  return { value: Math.max(...tookMs), limit: Math.max(...alone), also: { median: median(tookMs) } };
}
