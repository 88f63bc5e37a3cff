import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../http/listen/listening.ts";
import { openFds } from "../process/observe.ts";
import { waitFor } from "../wait-for.ts";
import { cpuMs, startHost } from "./host.ts";

test("100 clients that stop reading a large file: others get an answer or 503, and its descriptors are released", async () => {
  using folder = temporaryFolder();
  mkdirSync(join(folder.path, "hello/_site"), { recursive: true });
  writeFileSync(join(folder.path, "hello/_site/large.bin"), new Uint8Array(50_000_000));
  writeFileSync(join(folder.path, "hello/_site/index.html"), "hello");
  await using host = await startHost(["prlimit", "--nofile=64:64"], ["-p", folder.path]);
  const ask = (path: string) => fetch(`${host.url}${path}`, { headers: { connection: "close" } });
  expect((await ask("/_plugin/hello/")).status).toBe(200);
  const before = openFds(host.osPid);
  const { hostname, port } = new URL(host.url);
  const statuses: string[] = [];
  const socket = {
    data(client: Bun.Socket, bytes: Buffer) {
      const [, status] = /^HTTP\/1\.1 (\d+)/.exec(bytes.toString("latin1", 0, 20)) ?? [];
      if (status !== undefined) statuses.push(status);
      client.pause();
    },
  };
  const clients = await Promise.all(
    Array.from({ length: 100 }, () => Bun.connect({ hostname, port: Number(port), socket })),
  );
  for (const client of clients) client.write("GET /_plugin/hello/large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await waitFor(() => statuses.length === 100, "100 answers");
  expect([...new Set(statuses)].toSorted()).toEqual(["200", "503"]);

  for (const path of ["/ping", "/_plugin/hello/", "/_plugin/hello/large.bin", "/_plugin/hello/none"]) {
    const answer = await ask(path);
    await answer.body?.cancel();
    expect([path.endsWith("none") ? 404 : 200, 503]).toContain(answer.status);
  }
  const [cpuBefore, startMs] = [cpuMs(host.osPid), performance.now()];
  await waitFor(() => performance.now() - startMs > 300, "a while to pass");
  expect(cpuMs(host.osPid) - cpuBefore).toBeLessThan(200);

  for (const client of clients) client.terminate();
  await waitFor(() => openFds(host.osPid) <= before + 3, `as few descriptors as before (${before})`);
  expect(await (await ask("/_plugin/hello/")).text()).toBe("hello");
});
