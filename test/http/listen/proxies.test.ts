import { afterEach, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { waitFor } from "../../wait-for.ts";
import { useServing } from "../serving.ts";
import { temporaryFolder } from "./listening.ts";

const host = useServing();
const manual = await Bun.file(join(import.meta.dir, "../../../docs/deployment.md")).text();

/** Completes a configuration from the manual and gives the command that starts the proxy in the foreground. */
const proxies = {
  nginx: {
    wrap: (text: string, folder: string) =>
      `daemon off; pid ${folder}/pid; error_log ${folder}/log;\nevents {}\nhttp {\naccess_log off;\n` +
      `${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((each) => `${each}_temp_path ${folder}/${each};`).join(" ")}\n${text}}\n`,
    command: (file: string, folder: string) => ["nginx", "-p", folder, "-e", `${folder}/log`, "-c", file],
  },
  caddy: {
    wrap: (text: string) => `{\n\tadmin off\n}\n${text}`,
    command: (file: string) => ["caddy", "run", "--adapter", "caddyfile", "--config", file],
  },
  haproxy: {
    wrap: (text: string) => text,
    command: (file: string) => ["haproxy", "-db", "-f", file],
  },
} as const;
type ProxyName = keyof typeof proxies;

/** Debian installs servers in /usr/sbin, which is only in root's PATH. */
const searchPath = `${process.env["PATH"]}:/usr/sbin`;

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** Runs a proxy with the manual's configuration in front of the daemon. Resolves to the URL of the proxy. */
async function startProxy(name: ProxyName): Promise<string> {
  const [, text] = new RegExp(`\`\`\`${name}\n([^]*?)\`\`\``).exec(manual) ?? [];
  if (text === undefined) throw new Error(`the manual has no configuration of ${name}`);
  const folder = temporaryFolder();
  const port = freePort();
  const ours = text.replaceAll("127.0.0.1:5000", new URL(host.serving.url).host).replaceAll("8080", String(port));
  expect(ours).not.toBe(text);
  const file = join(folder.path, "config");
  writeFileSync(file, proxies[name].wrap(ours, folder.path));
  const env = {
    ...process.env,
    PATH: searchPath,
    HOME: folder.path,
    XDG_DATA_HOME: folder.path,
    XDG_CONFIG_HOME: folder.path,
  };
  const [program = "", ...args] = proxies[name].command(file, folder.path);
  const child = Bun.spawn([Bun.which(program, { PATH: searchPath }) ?? program, ...args], {
    env,
    stdout: "ignore",
    stderr: "ignore",
  });
  cleanups.push(async () => {
    child.kill();
    await child.exited;
    folder[Symbol.dispose]();
  });
  const url = `http://localhost:${port}`;
  await waitFor(async () => {
    if (child.exitCode !== null) throw new Error(`${name} ended with status ${child.exitCode}`);
    const answer = await fetch(`${url}/ping`).catch(() => undefined);
    return (await answer?.text()) === "OK";
  }, `the answer of ${name}`);
  return url;
}

/** None of the proxies can bind port 0 and report the port. */
function freePort(): number {
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  server.stop(true);
  return server.port;
}

describe.each(Object.keys(proxies) as ProxyName[])("behind %s with the configuration from the manual", (name) => {
  const isMissing = Bun.which(name, { PATH: searchPath }) === null && process.env["CI"] === undefined;

  test.skipIf(isMissing)("the headers of a silent stream are sent at once, and output as it is written", async () => {
    const url = await startProxy(name);
    const id = await host.run("exec cat", { redirect_input: true });
    for (const feed of ["continuous", "eventsource"]) {
      const answer = await fetch(`${url}/streams/${id}/out?feed=${feed}&tail=0`);
      expect(answer.headers.get("cache-control")).toBe("no-store, no-transform");
      let text = "";
      const reader = answer.body?.getReader();
      const readUntil = async (word: string) => {
        while (!text.includes(word)) text += Buffer.from((await reader?.read())?.value ?? []).toString();
      };
      for (const word of ["one", "two", "three"]) {
        await fetch(`${url}/streams/${id}/stdin`, { method: "POST", body: `${word}\n` });
        await readUntil(`${word}\n`);
      }
      await reader?.cancel();
    }
  });

  test.skipIf(isMissing)("when a client disconnects from the proxy, gafferd closes its reader", async () => {
    const url = await startProxy(name);
    const id = await host.run("exec cat", { redirect_input: true });
    const answer = await fetch(`${url}/streams/${id}/out?feed=continuous`);
    await waitFor(() => host.serving.cursorCount() === 1, "the reader");
    await answer.body?.cancel();
    await waitFor(() => host.serving.cursorCount() === 0, "the reader to be closed");
  });

  test.skipIf(isMissing)("a WebSocket works, and pings keep it open", async () => {
    const url = await startProxy(name);
    const id = await host.run("exec cat", { redirect_input: true });
    const socket = new WebSocket(`${url.replace("http", "ws")}/wstreams/${id}?heartbeat=0.1`);
    const received: unknown[] = [];
    socket.addEventListener("message", ({ data }) => received.push(data));
    await waitFor(() => socket.readyState === WebSocket.OPEN, "the opening");
    socket.send("hello\n");
    await waitFor(() => received.includes("hello\n"), "the echo");
    socket.close();
  });

  test.skipIf(isMissing)("2 MB of input and of output arrive complete", async () => {
    const url = await startProxy(name);
    const id = await host.run("sleep 0.1; wc -c; seq 1 300000", { redirect_input: true, output_buffer: "4m" });
    const body = Buffer.alloc(2_000_000, "x");
    const sent = await fetch(`${url}/streams/${id}/stdin?eof=true`, { method: "POST", body });
    expect(await sent.json()).toEqual({ ok: true, bytes: body.length, taken: body.length });
    const text = await (await fetch(`${url}/streams/${id}/out?feed=continuous`)).text();
    expect(text).toBe(`${body.length}\n${Array.from({ length: 300_000 }, (_, index) => `${index + 1}\n`).join("")}`);
  });
});
