import { describe, expect } from "bun:test";
import { useServing } from "../http/serving.ts";
import { type Tab, useBrowser } from "./browser.ts";
import { useSite } from "./site.ts";

const listed = useSite();
const foreign = useSite();
const host = useServing({ corsOrigins: [listed.origin] });
const browser = useBrowser();

const sent = "héllo\n";
/** Bytes that are not valid UTF-8. */
const bytes = [0, 255, 10, 195, 40, 13, 128];

interface Conversation {
  readonly opened: boolean;
  readonly protocol: string;
  /** Texts, or the bytes of binary messages. */
  readonly received: (string | number[])[];
  readonly closeCode: number | null;
}

/** Sends `message` to a process and reads until the same amount came back in the same type of frame, or the socket closed. */
function converse(tab: Tab, id: number, message: string | number[]): Promise<Conversation> {
  const url = `${host.serving.url.replace("http", "ws")}/wstreams/${id}`;
  return tab.page.evaluate(`new Promise((resolve) => {
    const message = ${JSON.stringify(message)};
    const isBinary = Array.isArray(message);
    const socket = new WebSocket(${JSON.stringify(url)}, isBinary ? ["binary"] : []);
    socket.binaryType = "arraybuffer";
    const received = [];
    let opened = false;
    const end = (closeCode) => resolve({ opened, protocol: socket.protocol, received, closeCode });
    socket.onopen = () => {
      opened = true;
      socket.send(isBinary ? new Uint8Array(message) : message);
    };
    socket.onmessage = ({ data }) => {
      received.push(typeof data === "string" ? data : [...new Uint8Array(data)]);
      const echo = received.filter((each) => Array.isArray(each) === isBinary).flat();
      if (echo.length < [message].flat().length) return;
      end(null);
      socket.close();
    };
    socket.onclose = ({ code }) => end(code);
  })`);
}

describe.each([
  ["of gafferd's own", () => `${host.serving.url}/ping`],
  ["of a listed origin", () => listed.origin],
])("a page %s", (_, address) => {
  browser.test("writes and reads a process in text", async () => {
    await using tab = await browser.open(address());
    const id = await host.run("exec cat", { redirect_input: true });
    const { received, protocol } = await converse(tab, id, sent);
    expect([received, protocol]).toEqual([[sent], ""]);
  });

  browser.test("writes and reads a process in bytes", async () => {
    await using tab = await browser.open(address());
    const id = await host.run("exec cat", { redirect_input: true });
    const { received, protocol } = await converse(tab, id, bytes);
    expect([received.flat(), protocol]).toEqual([bytes, "binary"]);
  });

  browser.test("gets a close code if it cannot write", async () => {
    await using tab = await browser.open(address());
    const id = await host.run("sleep 60");
    expect((await converse(tab, id, sent)).closeCode).toBe(4403);
  });
});

describe.each([
  ["of another port", () => foreign.origin],
  ["of another site", () => foreign.origin.replace("127.0.0.1", "localhost")],
  ["in a sandbox, whose origin is null,", () => `${foreign.origin}/sandboxed`],
])("a page %s", (_, address) => {
  browser.test("cannot open a WebSocket, and the process receives nothing", async () => {
    await using tab = await browser.open(address());
    const id = await host.run("exec cat", { redirect_input: true });
    const conversation = await converse(tab, id, sent);
    expect(conversation).toEqual({ opened: false, protocol: "", received: [], closeCode: 1006 });
    expect(host.serving.process(id).rings.get("out")?.head).toBe(0);
    expect(tab.errors.join()).toContain("403");
  });
});
