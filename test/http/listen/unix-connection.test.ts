import { expect, spyOn, test } from "bun:test";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { unixIdleTimer } from "../../../src/http/listen/idle-timer.ts";
import { openDescriptors, socketAddress } from "../../../src/http/listen/socket-descriptors.ts";
import { findUnixConnection } from "../../../src/http/listen/unix-connection.ts";
import { temporaryFolder } from "./listening.ts";

/** What was found for a request of each of `count` clients, and the descriptors of their connections. */
async function findAll(count: number): Promise<{ found: (number | undefined)[]; accepted: number[] }> {
  using folder = temporaryFolder();
  const path = join(folder.path, "socket");
  const found: (number | undefined)[] = [];
  const acceptedNow = () =>
    openDescriptors().filter(
      (fd) => socketAddress("getsockname", fd) === path && socketAddress("getpeername", fd) !== undefined,
    );
  await using _ = Bun.serve({
    unix: path,
    fetch(request) {
      found.push(findUnixConnection(request, acceptedNow()));
      return new Response("OK");
    },
  });
  const clients: Socket[] = [];
  const accepted: number[] = [];
  for (let at = 0; at < count; at++) {
    const client = connect(path);
    await once(client, "connect");
    await ask(client);
    accepted.push(...acceptedNow().filter((fd) => !accepted.includes(fd)));
    clients.push(client);
  }
  found.length = 0;
  for (const client of clients) await ask(client);
  for (const client of clients) client.destroy();
  return { found, accepted };
}

async function ask(client: Socket): Promise<void> {
  client.write("GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await once(client, "data");
}

test("finds the connection of each of many clients of a unix socket", async () => {
  const { found, accepted } = await findAll(50);
  expect(accepted.length).toBe(50);
  expect(found).toEqual(accepted);
});

test("finds none if a timeout changes nothing in the memory of Bun", async () => {
  const timer = unixIdleTimer();
  if (timer === undefined) throw new Error("no timer");
  using _ = spyOn(timer, "timeout").mockImplementation(() => {});
  expect((await findAll(2)).found).toEqual([undefined, undefined]);
});
