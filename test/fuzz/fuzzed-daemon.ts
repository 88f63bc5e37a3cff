import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "../../src/client/client.ts";
import { startGafferd } from "../cli/running.ts";
import { type Sample, takeSample } from "../soak/sample.ts";
import { waitFor } from "../wait-for.ts";
import { type Answer, assertAnswer } from "./answer.ts";

/** No request may take longer. Generous, because the machine may be busy. */
export const maxAnswerMs = 20_000;

export interface SentRequest {
  readonly method: string;
  /** The path with its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

/** A gafferd in a temporary folder of its own. Its templates run harmless programs only. */
export interface FuzzedDaemon extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly folder: string;
  /** Sends a request and asserts that the answer is a good one. */
  ask(request: SentRequest): Promise<Answer>;
  /** Opens a feed that may have no end, asserts that its headers are good, and closes it. */
  openAndClose(path: string, headers: Readonly<Record<string, string>>): Promise<void>;
  /** Throws unless processes, descriptors and readers are as few as after the start, and the log has no internal error. */
  settle(): Promise<void>;
}

const templates = `
[process:live]
cmd = sleep 1000
graceful_timeout = 1
redirect_output = stdout, stderr
[process:g:done]
cmd = seq 200
restart = never
redirect_output = stdout
output_keep = 64m
`;
const names = ["live", "g:done"];

/** Starts gafferd with the templates `live`, which runs, and `g:done`, which has written 200 lines. They are kept on disk. */
export async function startFuzzedDaemon(): Promise<FuzzedDaemon> {
  const folder = mkdtempSync(join(tmpdir(), "gafferd-fuzz-"));
  mkdirSync(join(folder, "home"));
  writeFileSync(join(folder, "gaffer.ini"), `[gaffer]\nstate_dir = state\n${templates}`);
  const gafferd = await startGafferd(["gaffer.ini"], { cwd: folder, env: { HOME: join(folder, "home") } });
  const { url, osPid } = gafferd;
  const client = createClient({ url, fetch: fetchOnce });
  const sample = () => takeSample(osPid, url, 0);
  const isIdle = async () =>
    (await client.describe()).some(({ name, status }) => name === "g:done" && status.state === "exited");
  await waitFor(isIdle, "the end of `g:done`");
  const before = await sample();

  /** Deletes what requests have created, and sets up again what they have changed. */
  const reset = async () => {
    for (const { name } of await client.describe()) {
      if (!names.includes(name)) await fetchOnce(`${url}/processes/${encodeURIComponent(name)}`, { method: "DELETE" });
    }
    const webhooks = (await (await fetchOnce(`${url}/webhooks`)).json()) as { id: string }[];
    for (const { id } of webhooks) await fetchOnce(`${url}/webhooks/${id}`, { method: "DELETE" });
    await client.reload();
    await client.start("live");
  };

  return {
    url,
    port: Number(new URL(url).port),
    folder,
    async ask({ method, path, headers, body }) {
      const response = await fetch(url + path, {
        method,
        keepalive: false,
        redirect: "manual",
        signal: AbortSignal.timeout(maxAnswerMs),
        ...(headers !== undefined && { headers }),
        ...(body !== undefined && { body }),
      });
      const answer = { status: response.status, headers: response.headers, body: await response.bytes() };
      assertAnswer(answer, { isHead: method === "HEAD" });
      return answer;
    },
    async openAndClose(path, headers) {
      const abort = new AbortController();
      const timer = setTimeout(() => abort.abort(new Error(`no headers within ${maxAnswerMs} ms`)), maxAnswerMs);
      try {
        const response = await fetch(url + path, { keepalive: false, headers, signal: abort.signal });
        const body = response.ok ? new Uint8Array() : await response.bytes();
        assertAnswer({ status: response.status, headers: response.headers, body }, { isHead: false });
      } finally {
        clearTimeout(timer);
        abort.abort();
      }
    },
    async settle() {
      await reset();
      let now: Sample | undefined;
      const isSmall = async () => {
        now = await sample();
        const { fds, processes, zombies, readers } = now;
        return fds <= before.fds + 2 && processes <= before.processes && zombies === 0 && readers <= before.readers;
      };
      await waitFor(isSmall, "the return to the resources after the start", 20_000).catch((cause: unknown) => {
        const open = readdirSync(`/proc/${osPid}/fd`).map((fd) => readlinkSync(`/proc/${osPid}/fd/${fd}`));
        const found = `after the start: ${JSON.stringify(before)}; now: ${JSON.stringify(now)}, ${open.join(" ")}`;
        throw new Error(found, { cause });
      });
      const bad = gafferd
        .err()
        .split("\n")
        .filter((line) => /^\S+ error |panic|unhandled|^\s+at .*:\d+/i.test(line));
      if (bad.length > 0) throw new Error(`the log has errors:\n${bad.slice(0, 20).join("\n")}`);
    },
    async [Symbol.asyncDispose]() {
      await gafferd[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Without keep-alive, since open connections would count as descriptors. */
function fetchOnce(address: string, init?: RequestInit): Promise<Response> {
  return fetch(address, { ...init, keepalive: false });
}
