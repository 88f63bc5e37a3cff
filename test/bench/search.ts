import { type Gafferd, startGafferd } from "./gafferd.ts";
import { defineMeasure } from "./measure.ts";
import { ping } from "./ping.ts";
import { whenQuiet } from "./quiet.ts";
import { median, percentile } from "./statistics.ts";
import { fileBytes, type Workspace } from "./workspace.ts";

const copies = 2;
const gigabytes = (copies * fileBytes) / 1e9;
const goal = [{ of: "value", bound: "≥", value: 1 }] as const;

/** How fast 1 GB of output on disk is searched, compared with `grep`, and what that costs other requests. */
export const search = defineMeasure({
  name: "search",
  needs: ["grep"],
  figures: {
    text: { what: "search 1 GB for a text", unit: "GB/s", limit: "`grep -F`", goals: goal },
    anyCase: { what: "search 1 GB for a text, any case", unit: "GB/s", limit: "`grep -iF`", goals: [] },
    regex: { what: "search 1 GB for a regular expression", unit: "GB/s", limit: "`grep -E`", goals: [] },
    first: { what: "first line of a search in 1 GB", unit: "ms", goals: [{ of: "value", bound: "<", value: 50 }] },
    ping: { what: "`/ping` beside searches, p99", unit: "ms", goals: [{ of: "value", bound: "<", value: 20 }] },
  },
  round: async (workspace) => {
    await using gafferd = await startGafferd();
    const bytes = await write(gafferd, workspace);
    const find = async (query: string) =>
      bytes / 1e9 / (await secondsOf(async () => void (await read(gafferd, query))));
    const limits = {
      text: await grep(workspace, "-F", "a text that no line has"),
      anyCase: await grep(workspace, "-iF", "a TEXT that no line has"),
      regex: await grep(workspace, "-E", "GET /other/path[?]of=[a-z]+"),
    };
    return {
      text: { value: await find("grep=a+text+that+no+line+has"), limit: limits.text },
      anyCase: { value: await find("grep=a+TEXT+that+no+line+has&ignore_case=true"), limit: limits.anyCase },
      regex: { value: await find("regex=true&grep=GET+/other/path[?]of=[a-z]%2B"), limit: limits.regex },
      first: { value: await firstMs(gafferd) },
      ping: { value: await pingBeside(gafferd) },
    };
  },
});

/** Writes the lines to disk. Resolves to the number of bytes there: a slow disk does not take all. */
async function write(gafferd: Gafferd, { path }: Workspace): Promise<number> {
  const cmd = `cat ${Array.from({ length: copies }, () => "lines").join(" ")}`;
  await gafferd.create({
    name: "lines",
    cmd,
    cwd: path,
    redirect_output: ["stdout"],
    restart: "never",
    output_keep: "8g",
  });
  while ((await gafferd.get<{ running: number }>("/status/lines")).running > 0) await Bun.sleep(50);
  await read(gafferd, "limit=1");
  const metrics = await (await fetch(`${gafferd.url}/metrics`)).text();
  return Number(/^gafferd_template_kept_bytes\S* (\d+)/m.exec(metrics)?.[1] ?? 0);
}

async function read({ url }: Gafferd, query: string): Promise<string> {
  const response = await fetch(`${url}/logs/lines?${query}`);
  if (!response.ok) throw new Error(`the search failed: ${await response.text()}`);
  return await response.text();
}

async function firstMs({ url }: Gafferd): Promise<number> {
  const tookMs: number[] = [];
  for (let count = 0; count < 20; count++) {
    const startedMs = performance.now();
    const response = await fetch(`${url}/logs/lines?grep=lazy+dog&since=1d`);
    for await (const chunk of response.body!) if (Buffer.from(chunk).includes("\n")) break;
    tookMs.push(performance.now() - startedMs);
  }
  return median(tookMs);
}

async function pingBeside(gafferd: Gafferd): Promise<number> {
  const end = new AbortController();
  const searching = (async () => {
    while (!end.signal.aborted) await read(gafferd, "grep=a+text+that+no+line+has");
  })();
  const tookMs = await ping(gafferd.url, 2000);
  end.abort();
  await searching;
  return percentile(tookMs, 99);
}

/** GB/s. */
async function grep({ path }: Workspace, option: string, pattern: string): Promise<number> {
  await whenQuiet();
  const files = Array.from({ length: copies }, () => "lines");
  return (
    gigabytes /
    (await secondsOf(
      async () =>
        void (await Bun.spawn(["grep", "-c", option, pattern, ...files], { cwd: path, stdout: "ignore" }).exited),
    ))
  );
}

async function secondsOf(act: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await act();
  return (performance.now() - startedMs) / 1000;
}
