import { describe, expect } from "bun:test";
import { useServing } from "../http/serving.ts";
import { type Tab, useBrowser } from "./browser.ts";
import { useSite } from "./site.ts";

const listed = useSite();
const foreign = useSite();
const host = useServing({ corsOrigins: [listed.origin] });
const browser = useBrowser();

const said = "héllo\n";
/** Any byte, and none that is UTF-8 as a whole. */
const bytes = [0, 255, 10, 195, 40, 13, 128];

interface Conversation {
  readonly opened: boolean;
  readonly protocol: string;
  /** A text, or the bytes of a binary message. */
  readonly heard: (string | number[])[];
  readonly closeCode: number | null;
}

/** Says `message` to a process once the WebSocket is open, and listens until as much of its kind came back or it was closed. */
function converse(tab: Tab, id: number, message: string | number[]): Promise<Conversation> {
  const url = `${host.serving.url.replace("http", "ws")}/wstreams/${id}`;
  return tab.page.evaluate(`new Promise((resolve) => {
    const message = ${JSON.stringify(message)};
    const isBinary = Array.isArray(message);
    const socket = new WebSocket(${JSON.stringify(url)}, isBinary ? ["binary"] : []);
    socket.binaryType = "arraybuffer";
    const heard = [];
    let opened = false;
    const end = (closeCode) => resolve({ opened, protocol: socket.protocol, heard, closeCode });
    socket.onopen = () => {
      opened = true;
      socket.send(isBinary ? new Uint8Array(message) : message);
    };
    socket.onmessage = ({ data }) => {
      heard.push(typeof data === "string" ? data : [...new Uint8Array(data)]);
      const echo = heard.filter((each) => Array.isArray(each) === isBinary).flat();
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
    const { heard, protocol } = await converse(tab, id, said);
    expect([heard, protocol]).toEqual([[said], ""]);
  });

  browser.test("writes and reads a process in bytes", async () => {
    await using tab = await browser.open(address());
    const id = await host.run("exec cat", { redirect_input: true });
    const { heard, protocol } = await converse(tab, id, bytes);
    expect([heard.flat(), protocol]).toEqual([bytes, "binary"]);
  });

  browser.test("is told why it may not write", async () => {
    await using tab = await browser.open(address());
    const id = await host.run("sleep 60");
    expect((await converse(tab, id, said)).closeCode).toBe(4403);
  });
});

describe.each([
  ["of another port", () => foreign.origin],
  ["of another site", () => foreign.origin.replace("127.0.0.1", "localhost")],
  ["in a sandbox, whose origin is null,", () => `${foreign.origin}/sandboxed`],
])("a page %s", (_, address) => {
  browser.test("gets no WebSocket, and its process hears nothing", async () => {
    await using tab = await browser.open(address());
    const id = await host.run("exec cat", { redirect_input: true });
    const conversation = await converse(tab, id, said);
    expect(conversation).toEqual({ opened: false, protocol: "", heard: [], closeCode: 1006 });
    expect(host.serving.process(id).rings.get("out")?.head).toBe(0);
    expect(tab.errors.join()).toContain("403");
  });
});
