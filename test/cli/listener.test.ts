import { expect, test } from "bun:test";
import { findListener } from "../../src/cli/listener.ts";

test.each(["127.0.0.1", "::1", "0.0.0.0"])("the process that listens on %s is found by its port", (hostname) => {
  using server = Bun.serve({ port: 0, hostname, fetch: () => new Response() });
  const found = findListener(server.port ?? 0);
  expect(found?.osPid).toBe(process.pid);
  expect(found?.commandLine).toContain("bun");
});

test("no process is found on a free port", async () => {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const port = server.port ?? 0;
  await server.stop(true);
  expect(findListener(port)).toBeUndefined();
});
