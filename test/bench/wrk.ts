import { startChild } from "./child.ts";

const connections = 16;

/** Responses per second of a `wrk` with one thread. Throws if a request fails. */
export async function wrk(url: string, seconds: number): Promise<number> {
  await using child = startChild(["wrk", "-t1", `-c${connections}`, `-d${seconds}s`, url]);
  const [text, stderrText] = await Promise.all([child.stdout.rest(), child.stderr.rest()]);
  const rate = parseRate(text);
  if (rate === undefined) throw new Error(`wrk failed for ${url}: ${text}${stderrText}`);
  return rate;
}

/** Parses `Requests/sec:  12345.67` in the output of `wrk`. Undefined if it reports errors. */
export function parseRate(text: string): number | undefined {
  if (/^ *(?:Socket errors|Non-2xx)/m.test(text)) return undefined;
  const [, rate] = /^Requests\/sec: +([\d.]+)$/m.exec(text) ?? [];
  return rate === undefined ? undefined : Number(rate);
}
