import { startChild } from "./child.ts";

const connections = 16;

/** Answers a second that a `wrk` of one thread gets in so many seconds. Throws when one is no success. */
export async function wrk(url: string, seconds: number): Promise<number> {
  await using child = startChild(["wrk", "-t1", `-c${connections}`, `-d${seconds}s`, url]);
  const [text, complaint] = await Promise.all([child.stdout.rest(), child.stderr.rest()]);
  const rate = parseRate(text);
  if (rate === undefined) throw new Error(`wrk of ${url} did not go well: ${text}${complaint}`);
  return rate;
}

/** `Requests/sec:  12345.67` of what `wrk` says; undefined when that holds an error, too. */
export function parseRate(text: string): number | undefined {
  if (/^ *(?:Socket errors|Non-2xx)/m.test(text)) return undefined;
  const [, rate] = /^Requests\/sec: +([\d.]+)$/m.exec(text) ?? [];
  return rate === undefined ? undefined : Number(rate);
}
