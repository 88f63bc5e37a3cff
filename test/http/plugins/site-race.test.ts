import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { waitFor } from "../../wait-for.ts";
import { type PluginServing, servePlugins } from "./plugin-folder.ts";

/** How long each attack lasts. */
const attackMs = 2000;
const secret = "a secret beside the site\n";
const page = "a page that everyone may read\n";
/** Of a file that is sent from memory, of one that is compressed, and of one that is sent piece by piece. */
const lines = { "short.html": 10, "page.html": 1000, "long.html": 60_000 };
const names = Object.keys(lines);

let serving: PluginServing;
const at = (path: string) => join(serving.folder, path);
const descriptorCount = () => readdirSync("/proc/self/fd").length;

beforeAll(async () => {
  serving = await servePlugins({ "hello/_site/index.html": page });
  for (const folder of ["hello/_site/exchanged", "hello/_site/sub", "hello/secrets"]) mkdirSync(at(folder));
  for (const [name, count] of Object.entries(lines)) {
    for (const folder of ["exchanged", "sub"]) writeFileSync(at(`hello/_site/${folder}/${name}`), page.repeat(count));
    writeFileSync(at(`hello/secrets/${name}`), secret.repeat(count * 2));
    symlinkSync(at(`hello/secrets/${name}`), at(`hello/_site/exchanged/${name}.link`));
  }
  symlinkSync(at("hello/secrets"), at("hello/_site/sub.link"));
  mkdirSync(at("swapped"));
  writeFileSync(at("swapped/README"), "not served: there is a `_site`");
  mkdirSync(at("swapped/_site"));
  for (const [name, count] of Object.entries(lines)) writeFileSync(at(`swapped/_site/${name}`), page.repeat(count));
  symlinkSync(at("hello/secrets"), at("swapped/_site.link"));
});
afterAll(async () => await serving[Symbol.asyncDispose]());

const requests: readonly RequestInit[] = [
  {},
  { headers: { "accept-encoding": "gzip" } },
  { headers: { "accept-encoding": "zstd" } },
  { headers: { range: "bytes=3-2000" } },
  { headers: { range: "bytes=-2000" } },
  { headers: { range: "bytes=3-1400000" } },
  { method: "HEAD" },
];
const decoders: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  gzip: gunzipSync,
  zstd: zstdDecompressSync,
};

test.each([
  ["a file", names.map((name) => `hello/_site/exchanged/${name}`), "hello/exchanged"],
  ["a folder", ["hello/_site/sub"], "hello/sub"],
  ["a whole site", ["swapped/_site"], "swapped"],
])(
  "%s that is exchanged with a link again and again is never followed out of the site",
  async (_, exchanged, url) => {
    const before = descriptorCount();
    const statuses = new Map<number, number>();
    await using attack = exchange(exchanged.map(at));
    const endMs = performance.now() + attackMs;
    await Promise.all(
      requests.map(async (request) => {
        for (let turn = 0; performance.now() < endMs; turn++) {
          const name = names[turn % names.length] ?? "";
          const { status, text } = await ask(`/_plugin/${url}/${name}`, request);
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
          expect(text).not.toContain("secret");
        }
      }),
    );
    expect(attack.exitCode).toBe(null);
    // Both the file and the link were seen.
    expect(statuses.get(200)).toBeGreaterThan(10);
    expect(statuses.get(404)).toBeGreaterThan(10);
    expect([...statuses.keys()].filter((status) => ![200, 206, 404, 416].includes(status))).toEqual([]);
    await waitFor(() => descriptorCount() <= before + 8, "the end of all connections");
  },
  20_000,
);

async function ask(path: string, request: RequestInit): Promise<{ status: number; text: string }> {
  const headers = { "accept-encoding": "", connection: "close", ...request.headers };
  const response = await fetch(`${serving.url}${path}`, { ...request, headers, decompress: false });
  // A response whose file was cut off meanwhile may be incomplete.
  const bytes = await response.bytes();
  const decode = decoders[response.headers.get("content-encoding") ?? ""];
  const decoded = decode === undefined || bytes.length === 0 ? bytes : decode(bytes);
  return { status: response.status, text: new TextDecoder().decode(decoded) };
}

/** Starts a process that exchanges each of `paths` with `<path>.link`, as fast as it can, for longer than the attack lasts. */
function exchange(paths: readonly string[]) {
  const program = `
    import { renameSync } from "node:fs";
    const paths = ${JSON.stringify(paths)};
    for (const endMs = Date.now() + 4 * ${attackMs}; Date.now() < endMs; ) {
      for (const path of paths) {
        renameSync(path, path + ".spare");
        renameSync(path + ".link", path);
        renameSync(path + ".spare", path + ".link");
      }
    }`;
  return Bun.spawn([process.execPath, "-e", program], { stdout: "ignore", stderr: "inherit" });
}
