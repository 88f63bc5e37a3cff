import { expect } from "bun:test";
import type { Receiver } from "../webhook/receiver.ts";
import { waitFor } from "../wait-for.ts";
import type { Host } from "./host.ts";

/**
 * Keeps gafferd busy for `forMs`: in each second it creates and removes a template, stops a process, restarts `many`,
 * opens an event stream and an output stream. Throws when an answer is neither a success nor a clear refusal.
 * Returns how many answers had each status.
 */
export async function keepBusy(host: Host, forMs: number): Promise<Map<number, number>> {
  const counts = new Map<number, number>();
  const ask = async (method: string, path: string, json?: object) => {
    const status = await askClearly(host, method, path, json);
    counts.set(status, (counts.get(status) ?? 0) + 1);
  };
  const endMs = performance.now() + forMs;
  for (let round = 0; performance.now() < endMs; round++) {
    const name = `late-${round}`;
    await ask("POST", "/processes", { name, cmd: "sleep 600", redirect_output: ["out"] });
    await ask("POST", "/processes/many/_sub/1");
    await ask("POST", "/processes/many/_add/1");
    await ask("GET", "/status/many");
    await ask("GET", "/stats");
    await ask("GET", "/watch?feed=eventsource");
    await ask("GET", `/streams/${name}?feed=eventsource`);
    await ask("POST", `/processes/${name}/_stop`);
    await ask("POST", `/processes/${name}/_start`);
    await ask("DELETE", `/processes/${name}`);
    await Bun.sleep(1000);
  }
  return counts;
}

/** Waits until gafferd starts processes, streams events and delivers webhooks again. */
export async function expectRecovery({ client, url }: Host, receiver: Receiver): Promise<void> {
  await client.remove("many");
  const reader = new AbortController();
  const stream = await fetch(`${url}/watch?feed=eventsource`, { signal: reader.signal });
  expect(stream.status).toBe(200);
  // A webhook of its own: the next attempt of one that failed may be minutes away.
  await client.addWebhook({ url: `${receiver.url}?after`, pattern: "." });
  await client.create({ name: "after", cmd: "sleep 600" });
  const isRunning = async () => (await client.status("after")).state === "running";
  await waitFor(isRunning, "a process to start after the pressure", 30_000);
  let events = "";
  for await (const bytes of stream.body ?? []) {
    events += new TextDecoder().decode(bytes);
    if (events.includes('"after"')) break;
  }
  reader.abort();
  const isDelivered = () => receiver.received.some(({ search }) => search === "?after");
  await waitFor(isDelivered, "a webhook to be delivered after the pressure", 30_000);
}

/** The status of an answer, whose body is read unless it is a stream. */
async function askClearly({ url }: Host, method: string, path: string, json?: object): Promise<number> {
  const reader = new AbortController();
  const answer = await fetch(url + path, {
    method,
    signal: AbortSignal.any([reader.signal, AbortSignal.timeout(30_000)]),
    headers: { connection: "close", ...(json === undefined ? {} : { "content-type": "application/json" }) },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  });
  if (!answer.ok) {
    const refusal = await answer.text();
    const isClear = (answer.status >= 400 && answer.status < 500) || answer.status === 503;
    if (!isClear) throw new Error(`${method} ${path}: ${answer.status} ${refusal}`);
    expect(JSON.parse(refusal)).toMatchObject({ error: expect.any(String), message: expect.any(String) });
  } else if (answer.headers.get("content-type")?.startsWith("application/json")) await answer.json();
  reader.abort();
  return answer.status;
}
