import { expect, test } from "bun:test";
import fc from "fast-check";
import { createService, type Service } from "../service.ts";

const method = fc.constantFrom("GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH", "PROPFIND");
const junk = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }).map(encodeLoosely),
  fc.constantFrom("%", "%ff", "%00", "..", ".", "", "-1", "1.5", "1e3", "99999999999999999999", "__proto__", "a:b:c"),
);
const id = fc.oneof(fc.constantFrom("live", "g:live", "1", "2", "9", "none", "%6cive"), junk);
const action = fc.constantFrom("_start", "_stop", "_restart", "_add", "_sub", "_signal", "_pids", "_history", "_nope");
const argument = fc.oneof(fc.constantFrom("0", "1", "CONT", "HUP", "0x1"), junk);
const path = fc
  .oneof(
    fc.tuple(fc.constantFrom("processes", "status", "groups", "ping")),
    fc.tuple(fc.constantFrom("processes", "status", "groups"), id),
    fc.tuple(fc.constantFrom("processes", "groups"), id, action),
    fc.tuple(fc.constant("processes"), id, action, argument),
    fc.array(junk, { maxLength: 4 }),
  )
  .map((parts) => `/${parts.join("/")}`);
const query = fc.oneof(
  fc.constant(""),
  fc.constantFrom("?detail=true", "?running=1", "?running=maybe", "?spawn_first=true", "?detail=%ff"),
  junk.map((text) => `?${text}`),
);
// No body describes a program that can be started, so that a test run leaves no processes behind.
const template = fc.dictionary(
  fc.constantFrom(
    "name",
    "args",
    "cwd",
    "env",
    "uid",
    "numprocesses",
    "flapping",
    "start",
    "restart",
    "redirect_output",
  ),
  fc.oneof(fc.constantFrom("live", "other", true, false, 0, 1), fc.jsonValue({ maxDepth: 2 })),
);
const body = fc.oneof(
  template.map((settings) => JSON.stringify({ ...settings, cmd: "/no/such/program" })),
  fc.jsonValue().map((value) => JSON.stringify(value)),
  fc.uint8Array({ maxLength: 20 }),
  fc.string({ maxLength: 20 }),
);

/** Encodes characters that a URL must not contain as `%xx`, sometimes incorrectly. */
function encodeLoosely(text: string): string {
  return Buffer.from(text)
    .toString("latin1")
    .replaceAll(/[^\w.~:@!$&'()*+,;=-]/g, (character) => `%${character.charCodeAt(0).toString(16)}`);
}

async function create(service: Service): Promise<void> {
  for (const name of ["live", "g:live"]) await service.ask("POST", "/processes", { name, cmd: "sleep 1000" });
}

test("no request causes a 5xx or shows a stack trace, and every error has code and message", async () => {
  await using service = createService();
  await create(service);
  const statuses = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(method, path, query, body, async (verbOfHttp, pathname, search, sent) => {
      const hasBody = !["GET", "HEAD", "OPTIONS"].includes(verbOfHttp);
      const answer = await service.ask(verbOfHttp, pathname + search, hasBody ? sent : undefined);
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      expect(answer.status).toBeLessThan(500);
      expect(JSON.stringify(answer.body)).not.toMatch(/\.ts\b|node_modules|\bat [\w.]+ \(/);
      if (answer.status < 400 || verbOfHttp === "HEAD") return;
      expect(answer.body).toMatchObject({ error: expect.any(String), message: expect.any(String) });
      if (service.manager.names().length === 0) await create(service);
    }),
    { numRuns: 2000 },
  );
  expect(service.logged.filter(({ line }) => line.startsWith("error"))).toEqual([]);
  // All kinds of responses occurred, so the requests reach more than the router.
  for (const status of [200, 204, 400, 404, 405]) expect(statuses.get(status) ?? 0).toBeGreaterThan(10);
});
