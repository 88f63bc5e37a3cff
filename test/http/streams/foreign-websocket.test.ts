import { expect, test } from "bun:test";
import { join } from "node:path";
import { useServing } from "../serving.ts";

const host = useServing();

/**
 * Runs a program and returns the JSON that it prints with `report(…)`. It runs in Node, because Bun replaces `ws` with its
 * own implementation;
 * `open(path, protocols, options)` connects to gafferd.
 */
async function runInNode(program: string): Promise<unknown> {
  const lines = `
    import { once } from "node:events";
    import { createHash } from "node:crypto";
    import WebSocket from "ws";
    const open = (path, ...more) => new WebSocket(${JSON.stringify(host.serving.url.replace("http", "ws"))} + path, ...more);
    const report = (value) => console.log(JSON.stringify(value));
    ${program}`;
  const child = Bun.spawn(["node", "--input-type=module", "-e", lines], {
    cwd: join(import.meta.dir, "../../.."),
    stderr: "pipe",
  });
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  expect([await child.exited, err]).toEqual([0, ""]);
  return JSON.parse(out);
}

test("`ws` exchanges text frames with a process, and its exit arrives in a binary frame", async () => {
  const id = await host.run("read -r line; echo $line; read -r line; echo $line", { redirect_input: true });
  const seen = await runInNode(`
    const socket = open("/wstreams/${id}");
    const frames = [];
    socket.on("message", (bytes, isBinary) => {
      frames.push([isBinary, bytes.toString()]);
      if (frames.length === 1) socket.send("again\\n");
    });
    socket.on("open", () => socket.send("héllo\\n"));
    const [code, reason] = await once(socket, "close");
    report({ frames, code, reason: reason.toString(), protocol: socket.protocol });`);
  expect(seen).toEqual({
    frames: [
      [false, "héllo\n"],
      [false, "again\n"],
      [true, `{"event":"exit","pid":${id},"exit_status":0,"term_signal":null}`],
    ],
    code: 1000,
    reason: "the process has ended",
    protocol: "",
  });
});

test("`ws` sends fragmented messages and receives every byte back in binary frames", async () => {
  const id = await host.run("cat", { redirect_input: true, output_buffer: "4m" });
  const seen = await runInNode(`
    const sent = Buffer.from(Uint8Array.from({ length: 1_000_000 }, (_, index) => (index * 7 + (index >> 8)) & 255));
    const socket = open("/wstreams/${id}", "binary");
    let got = Buffer.alloc(0);
    socket.on("open", () => {
      for (let from = 0; from < sent.length; from += 50_000) {
        socket.send(sent.subarray(from, from + 50_000), { fin: from + 50_000 >= sent.length });
      }
    });
    socket.on("message", (bytes) => {
      got = Buffer.concat([got, bytes]);
      if (got.length === sent.length) socket.close();
    });
    const [code] = await once(socket, "close");
    report({ same: got.equals(sent), code, protocol: socket.protocol });`);
  expect(seen).toEqual({ same: true, code: 1005, protocol: "binary" });
});

test("`ws` pauses while a process floods: every byte either arrives or is in a gap", async () => {
  const total = 60_000_000;
  const id = await host.run(`read go; yes | head -c ${total}`, { redirect_input: true, output_buffer: 65_536 });
  const seen = await runInNode(`
    const socket = open("/wstreams/${id}", "binary");
    let [bytes, lost, gaps] = [0, 0, 0];
    socket.on("open", () => {
      socket.send("go\\n");
      socket.pause();
      setTimeout(() => socket.resume(), 500);
    });
    socket.on("message", (message, isBinary) => {
      if (isBinary) return void (bytes += message.length);
      const said = JSON.parse(message);
      if (said.event === "gap") [lost, gaps] = [lost + said.bytes, gaps + 1];
    });
    const [code] = await once(socket, "close");
    report({ all: bytes + lost, hadGaps: gaps > 0, code });`);
  expect(seen).toEqual({ all: total, hadGaps: true, code: 1000 });
});

test("`ws` gets a pong for a ping, and an error that says why it cannot be served", async () => {
  const id = await host.run("sleep 60", { redirect_output: [] });
  const other = await host.run("sleep 60");
  const seen = await runInNode(`
    const refusal = async (path) => {
      const socket = open(path);
      const said = once(socket, "message");
      const [code] = await once(socket, "close");
      return [JSON.parse((await said)[0]).error, code];
    };
    const pinged = open("/wstreams/${other}");
    await once(pinged, "open");
    pinged.ping("are you there?");
    const [pong] = await once(pinged, "pong");
    pinged.terminate();
    const foreign = open("/wstreams/${other}", { origin: "http://evil.test" });
    const [, response] = await once(foreign, "unexpected-response");
    response.destroy();
    report([pong.toString(), await refusal("/wstreams/${id}"), await refusal("/wstreams/999999"), response.statusCode]);`);
  expect(seen).toEqual(["are you there?", ["io_not_redirected", 4403], ["not_found", 4404], 403]);
});
