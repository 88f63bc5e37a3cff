import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { waitFor } from "../../wait-for.ts";
import { serve, useServing } from "../serving.ts";

const host = useServing({ corsOrigins: ["https://page.example"] });
const fixture = (name: string) => join(import.meta.dir, "../../fixtures", name);

/** Debian installs its Python packages for this interpreter. */
const python = existsSync("/usr/bin/python3") ? "/usr/bin/python3" : "python3";

async function succeeds(...cmd: string[]): Promise<boolean> {
  return (await Bun.spawn(cmd, { stdout: "ignore", stderr: "ignore" }).exited) === 0;
}

/** A process that writes nothing before it gets input. */
async function startSilent(): Promise<number> {
  return await host.run("exec cat", { redirect_input: true });
}

/** A connection on which `text` was sent, and the data received so far. */
function ask(text: string) {
  const { port } = new URL(host.serving.url);
  const socket = connect(Number(port), "127.0.0.1");
  const seen = { text: "", isClosed: false };
  socket.on("data", (bytes) => (seen.text += bytes.toString("latin1")));
  socket.on("close", () => (seen.isClosed = true));
  socket.on("error", () => {});
  socket.write(text);
  return { socket, seen, [Symbol.dispose]: () => void socket.destroy() };
}

const get = (path: string, headers = "") => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`;

async function write(id: number, body: string, query = ""): Promise<void> {
  await fetch(`${host.serving.url}/streams/${id}/stdin${query}`, { method: "POST", body });
}

const descriptorCount = () => readdirSync("/proc/self/fd").length;

async function headArrived({ seen }: { seen: { text: string } }): Promise<string> {
  await waitFor(() => seen.text.includes("\r\n\r\n"), "the end of the headers");
  return seen.text.slice(0, seen.text.indexOf("\r\n\r\n"));
}

describe("a client that waits for the headers of a silent stream before it writes to stdin does not deadlock", () => {
  test.each(["http.client", "urllib", "requests", "httpx", "aiohttp"])("Python's %s", async (client) => {
    const module = client === "urllib" ? "urllib.request" : client;
    if (process.env["CI"] === undefined && !(await succeeds(python, "-c", `import ${module}`))) return;
    const id = await startSilent();
    const child = Bun.spawn([
      python,
      fixture("open-then-write.py"),
      client,
      new URL(host.serving.url).host,
      String(id),
    ]);
    expect(await child.stdout.text()).toBe("hello\n");
  });

  test.each([
    ["node", "fetch"],
    ["node", "http"],
    [process.execPath, "fetch"],
    [process.execPath, "http"],
  ])("%s with %s", async (program, client) => {
    const id = await startSilent();
    const child = Bun.spawn([program, fixture("open-then-write.mjs"), client, host.serving.url, String(id)]);
    expect(await child.stdout.text()).toBe("hello\n");
  });

  test("curl -i", async () => {
    const id = await startSilent();
    const child = Bun.spawn(["stdbuf", "-o0", "curl", "-siN", `${host.serving.url}/streams/${id}/out?feed=continuous`]);
    let text = "";
    const reading = (async () => {
      for await (const bytes of child.stdout) text += Buffer.from(bytes).toString("latin1");
    })();
    await waitFor(() => text.includes("\r\n\r\n"), "the headers");
    await write(id, "hello\n", "?eof=true");
    await reading;
    expect(text.slice(text.indexOf("\r\n\r\n"))).toBe("\r\n\r\nhello\n");
    expect(await child.exited).toBe(0);
  });
});

describe("headers sent before the body", () => {
  test("contain the usual headers, `Connection: close`, and CORS headers for a page of `cors_origins`", async () => {
    const id = await startSilent();
    using client = ask(get(`/streams/${id}/out?feed=continuous`, "Origin: https://page.example\r\n"));
    const [status, ...lines] = (await headArrived(client)).split("\r\n");
    const headers = new Headers(lines.map((line) => line.split(": ") as [string, string]));
    expect(status).toBe("HTTP/1.1 200 OK");
    expect(Object.fromEntries(headers)).toMatchObject({
      "access-control-allow-origin": "https://page.example",
      "cache-control": "no-store, no-transform",
      connection: "close",
      "content-type": "text/plain; charset=utf-8",
      "transfer-encoding": "chunked",
      "x-content-type-options": "nosniff",
    });
    expect(Math.abs(Date.parse(headers.get("date") ?? "") - Date.now())).toBeLessThan(60_000);
  });

  test.each([
    ["a page of another site", "Origin: https://evil.example\r\n", 403],
    ["another host name", "", 403],
  ])("are not sent to %s", async (_, headers, status) => {
    const id = await startSilent();
    const text = get(`/streams/${id}/out?feed=continuous`, headers);
    using client = ask(headers === "" ? text.replace("localhost", "evil.example") : text);
    expect(await headArrived(client)).toStartWith(`HTTP/1.1 ${status} `);
  });

  test("HEAD requests and errors are answered as usual, and the connection stays open", async () => {
    const id = await startSilent();
    const path = `/streams/${id}/out?feed=continuous`;
    using client = ask(get(path).replace("GET", "HEAD"));
    await headArrived(client);
    client.socket.write(get("/streams/99999/out?feed=continuous"));
    await waitFor(() => client.seen.text.includes('"not_found"'), "the error");
    client.socket.write(get("/ping"));
    await waitFor(() => client.seen.text.endsWith("OK"), "the next answer");
    expect(client.seen.isClosed).toBe(false);
  });
});

describe("a stream with early headers", () => {
  test("arrives complete and closes the connection", async () => {
    const id = await host.run("sleep 0.1; seq 1 100000");
    const answer = await fetch(`${host.serving.url}/streams/${id}/out?feed=continuous`);
    const expected = Array.from({ length: 100_000 }, (_, index) => `${index + 1}\n`).join("");
    expect(Bun.hash(await answer.text())).toBe(Bun.hash(expected));
  });

  test("ignores pipelined requests, and contains no other response", async () => {
    const id = await startSilent();
    using client = ask(get(`/streams/${id}/out?feed=continuous`) + get("/ping") + get(`/streams/${id}/out`));
    await headArrived(client);
    await write(id, "one\n");
    await waitFor(() => client.seen.text.includes("one\n"), "output");
    client.socket.write(get("/ping"));
    await write(id, "two\n", "?eof=true");
    await waitFor(() => client.seen.isClosed, "the end of the connection");
    expect(client.seen.text.slice(client.seen.text.indexOf("\r\n\r\n") + 4)).toBe(
      "4\r\none\n\r\n4\r\ntwo\n\r\n0\r\n\r\n",
    );
  });

  test.each([
    ["closes", (socket: Socket) => void socket.end()],
    ["resets the connection", (socket: Socket) => void socket.resetAndDestroy()],
  ])("closes its reader when the client %s", async (_, leave) => {
    const id = await startSilent();
    using client = ask(get(`/streams/${id}/out?feed=continuous`));
    await headArrived(client);
    expect(host.serving.cursorCount()).toBe(1);
    leave(client.socket);
    await waitFor(() => host.serving.cursorCount() === 0, "the reader to be closed");
  });

  test("waits for a slow client, and is cut off without a last chunk when the client has fallen behind", async () => {
    const id = await host.run("sleep 0.2; yes 0123456789 | head -c 30000000; sleep 1000");
    using client = ask(get(`/streams/${id}/out?feed=continuous`));
    await headArrived(client);
    client.socket.pause();
    await waitFor(() => host.serving.warnings.some((line) => line.includes("fell behind")), "the warning");
    client.socket.resume();
    await waitFor(() => client.seen.isClosed, "the connection to be cut off");
    expect(client.seen.text.endsWith("0\r\n\r\n")).toBe(false);
  });

  test("loses no output when the process waits for a slow client", async () => {
    const lines = 2_000_000;
    const id = await host.run(`sleep 0.2; seq 1 ${lines}`);
    const answer = await fetch(`${host.serving.url}/streams/${id}/out?feed=continuous&lossless=true`);
    const seen = new Bun.CryptoHasher("sha1");
    let received = 0;
    for await (const piece of answer.body ?? []) {
      received += piece.length;
      seen.update(piece);
      if (received < 2_000_000) await Bun.sleep(5);
    }
    const expected = new Bun.CryptoHasher("sha1");
    for (let line = 1; line <= lines; line++) expected.update(`${line}\n`);
    expect(seen.digest("hex")).toBe(expected.digest("hex"));
  });

  test("closes its descriptor, however it ends", async () => {
    const id = await startSilent();
    const path = `/streams/${id}/out?feed=continuous`;
    const before = descriptorCount();
    for (let round = 0; round < 20; round++) {
      const clients = [ask(get(path)), ask(get(path) + get("/ping")), ask(get(path))];
      await Promise.all(clients.map(headArrived));
      for (const { socket } of clients) socket.destroy();
    }
    const ended = await host.run("sleep 0.1; echo end");
    await (await fetch(`${host.serving.url}/streams/${ended}/out?feed=continuous`)).text();
    await waitFor(() => host.serving.cursorCount() === 0, "the end of all readers");
    await waitFor(() => descriptorCount() <= before + 4, "the end of all connections");
  });
});

describe("when the daemon stops", () => {
  test("a stream ends with its last byte", async () => {
    const serving = await serve();
    await serving.create({
      name: "web",
      cmd: "trap 'echo bye; exit' TERM; echo up; while :; do sleep 0.05; done",
      shell: true,
    });
    const answer = await fetch(`${serving.url}/streams/1/out?feed=continuous`);
    const text = answer.text();
    await waitFor(() => serving.cursorCount() === 1, "the reader");
    await waitFor(() => serving.process(1).rings.get("out")?.head === 3, "its output");
    await serving.daemon.stop();
    expect(await text).toBe("up\nbye\n");
  });
});

test("if early headers are not possible, the log says so once, and streams arrive complete", async () => {
  const serving = JSON.stringify(join(import.meta.dir, "../serving.ts"));
  const code = `
    Bun.connect = async () => { throw new Error("not with this Bun"); };
    const { serve } = await import(${serving});
    const serving = await serve();
    await serving.create({ name: "web", cmd: "sleep 0.1; echo hello", shell: true });
    for (let round = 0; round < 2; round++) {
      console.log(await (await fetch(serving.url + "/streams/web/out?feed=continuous&follow=until-exit")).text());
    }
    console.log(serving.warnings.join());
    await serving.daemon.stop();
    process.exit(0);`;
  const child = Bun.spawn([process.execPath, "-e", code]);
  expect(await child.stdout.text()).toBe(
    "hello\n\nhello\n\nthe headers of a stream arrive only with its first byte: cannot send them earlier on this machine\n",
  );
});
