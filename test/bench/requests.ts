import { join } from "node:path";
import { startChild } from "./child.ts";
import { type Gafferd, startGafferd } from "./gafferd.ts";
import { defineMeasure, type Sample } from "./measure.ts";
import { whenQuiet } from "./quiet.ts";
import { wrk } from "./wrk.ts";

const bareRoute = join(import.meta.dir, "limits/route.ts");
const limit = "a bare Elysia route";
const templates = 1000;
const createdAtOnce = 20;
const passes = 3;
const warmUpSeconds = 1;
const passSeconds = 2;

/** Requests per second with 1,000 templates of one process each, compared with a bare Elysia that returns the same JSON. */
export const requests = defineMeasure({
  name: "requests",
  needs: ["wrk"],
  figures: {
    list: {
      what: "`GET /processes` with 1,000 templates",
      unit: "/s",
      limit,
      goals: [{ of: "ratio", bound: "≥", value: 0.8 }],
    },
    status: {
      what: "`GET /status/:name` with 1,000 templates",
      unit: "/s",
      limit,
      goals: [{ of: "ratio", bound: "≥", value: 0.8 }],
    },
  },
  round: async () => {
    await using gafferd = await startGafferd();
    await createTemplates(gafferd);
    return {
      list: await compare(gafferd, { route: "/processes", path: "/processes" }),
      status: await compare(gafferd, { route: "/status/:name", path: `/status/sleep-${templates / 2}` }),
    };
  },
});

/** Resolves when all are running. */
async function createTemplates(gafferd: Gafferd): Promise<void> {
  for (let first = 1; first <= templates; first += createdAtOnce) {
    const numbers = Array.from({ length: createdAtOnce }, (_, index) => first + index);
    await Promise.all(numbers.map((number) => gafferd.create({ name: `sleep-${number}`, cmd: "sleep 1000" })));
  }
  const running = await gafferd.get<number[]>("/processes?running=true");
  if (running.length !== templates) throw new Error(`only ${running.length} of ${templates} processes are running`);
}

/** Measures both alternately, because the speed of the machine varies. */
async function compare(gafferd: Gafferd, { route, path }: { route: string; path: string }): Promise<Sample> {
  const document = await gafferd.get<object>(path);
  await using bare = startChild([process.execPath, bareRoute]);
  bare.stdin.write(JSON.stringify({ [route]: document }));
  await bare.stdin.end();
  const [bareUrl] = await bare.stdout.match(/^http:.*$/m);
  await assertSame(bareUrl + path, gafferd.url + path);
  const [rates, bareRates]: [number[], number[]] = [[], []];
  for (const url of [gafferd.url, bareUrl]) await wrk(url + path, warmUpSeconds);
  for (let pass = 0; pass < passes; pass++) {
    await whenQuiet();
    bareRates.push(await wrk(bareUrl + path, passSeconds));
    rates.push(await wrk(gafferd.url + path, passSeconds));
  }
  return { value: mean(rates), limit: mean(bareRates) };
}

async function assertSame(bareUrl: string, ownUrl: string): Promise<void> {
  const [bare, own] = await Promise.all([bareUrl, ownUrl].map(async (url) => await (await fetch(url)).text()));
  if (bare !== own) throw new Error(`${bareUrl} and ${ownUrl} return different responses`);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each, 0) / values.length;
}
