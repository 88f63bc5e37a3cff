import { expect, test } from "bun:test";
import { waitFor } from "../wait-for.ts";
import { startHost } from "./host.ts";

test("a request behind one that is still being answered closes the connection, and gafferd answers others", async () => {
  await using host = await startHost();
  await host.client.create({ name: "a", cmd: "sleep 600", redirect_output: ["out"] });
  const { hostname, port } = new URL(host.url);
  const seen = { text: "", isClosed: false };
  const socket = {
    data: (_: Bun.Socket, bytes: Buffer) => void (seen.text += bytes.toString()),
    close: () => void (seen.isClosed = true),
  };
  const connection = await Bun.connect({ hostname, port: Number(port), socket });
  const head = "Host: localhost\r\n\r\n";
  connection.write(`GET /streams/1/out?feed=longpoll&heartbeat=60 HTTP/1.1\r\n${head}GET /ping HTTP/1.1\r\n${head}`);
  await waitFor(() => seen.isClosed, "the end of the connection");
  expect(seen.text).toBe("");
  expect((await fetch(`${host.url}/ping`)).status).toBe(200);
  expect(await host.client.status("a")).toMatchObject({ state: "running" });
});
