import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OutputCopies } from "../../src/copies/output-copies.ts";
import { EventBus } from "../../src/events/bus.ts";
import { Manager } from "../../src/manager/manager.ts";
import type { ProcessTemplate } from "../../src/template/template.ts";
import { sampleTemplate } from "../process/sample-template.ts";
import { silentLog } from "../supervisor/hosting.ts";
import { waitFor } from "../wait-for.ts";

const folder = mkdtempSync(join(tmpdir(), "output-copies-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A manager whose output is copied. Disposing of it stops everything. */
function hostCopies(outlet: { write?: (bytes: Uint8Array) => void; flushed?: () => Promise<void> } = {}) {
  const bus = new EventBus((error) => {
    throw error;
  });
  const warnings: string[] = [];
  const log = { ...silentLog, warn: (message: string) => void warnings.push(message) };
  const manager = new Manager({ bus, log });
  let out = "";
  const stdout = {
    hasReader: true,
    write: (bytes: string | Uint8Array) => {
      outlet.write?.(bytes as Uint8Array);
      out += Buffer.from(bytes as Uint8Array).toString("latin1");
    },
    flushed: outlet.flushed ?? (async () => {}),
  };
  const copies = new OutputCopies({ bus, manager, stdout, log });
  const create = (overrides: Partial<ProcessTemplate>) =>
    manager.create(sampleTemplate({ redirectOutput: ["out", "err"], restart: "never", ...overrides }));
  return {
    manager,
    create,
    copies,
    stdout,
    warnings,
    out: () => out,
    async [Symbol.asyncDispose]() {
      await manager.close();
      await waitFor(() => manager.readerCount() === 0, "the copies to end");
      await copies.close();
    },
  };
}

const read = (name: string) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), "utf8") : "");

test("both outputs of a template go to one file in the order of their lines, over restarts", async () => {
  await using host = hostCopies();
  const cmd = `sh -c 'echo a; sleep 0.05; echo b >&2; sleep 0.05; printf c; exit 1'`;
  host.create({ name: "web", cmd, outputFile: join(folder, "%n-100%%.log"), restart: "always" });
  await waitFor(() => read("web-100%.log").split("\n").length > 5, "two runs in the file");
  expect(read("web-100%.log")).toMatch(/^a\nb\nca\nb\nc/);
});

test("%p and %l give a file for each process and label", async () => {
  await using host = hostCopies();
  const outputFile = join(folder, "each", "%n.%p.%l");
  host.create({ name: "web", cmd: `sh -c 'echo $GAFFER_SLOT; echo err >&2'`, outputFile, numprocesses: 2 });
  await waitFor(() => existsSync(join(folder, "each")) && readdirSync(join(folder, "each")).length === 4, "four files");
  await waitFor(() => read("each/web.2.err") && read("each/web.2.out") && read("each/web.1.out"), "their output");
  expect(["web.1.out", "web.2.out", "web.1.err", "web.2.err"].map((name) => read(`each/${name}`))).toEqual([
    "0\n",
    "1\n",
    "err\n",
    "err\n",
  ]);
});

test("output of processes with other settings is not copied, and the copy ends when none is left", async () => {
  await using host = hostCopies();
  const { manager } = host;
  host.create({ name: "web", cmd: `sh -c 'echo first; exec sleep 60'` });
  await waitFor(() => manager.get("web").processes[0]?.rings.get("out")?.head, "its output");
  const settings = manager.get("web").template;
  await manager.update("web", {
    ...settings,
    cmd: `sh -c 'echo second; exec sleep 60'`,
    outputFile: join(folder, "b"),
  });
  await waitFor(() => read("b"), "the copy");
  expect(read("b")).toBe("second\n");
  expect(manager.get("web").readerCount).toBe(1);
});

test("templates without a copy have no reader", async () => {
  await using host = hostCopies();
  host.create({ name: "web", cmd: "sleep 60" });
  expect(host.manager.readerCount()).toBe(0);
});

test("`output_to = stdout` writes the bytes unchanged, and whole lines of several templates", async () => {
  await using host = hostCopies();
  host.create({ name: "raw", cmd: String.raw`printf '\377\001\r\n'`, outputTo: "stdout" });
  await waitFor(() => host.out() === "\xff\x01\r\n", "the bytes");
  for (const name of ["a", "b"]) host.create({ name, cmd: `seq -f ${name}%.0f 1 20000`, outputTo: "stdout" });
  await waitFor(() => host.out().length >= 4 + 2 * 128_894, "all lines");
  const lines = host.out().split("\n").slice(1, -1);
  for (const name of ["a", "b"]) {
    expect(lines.filter((line) => line.startsWith(name))).toEqual(
      Array.from({ length: 20_000 }, (_, at) => `${name}${at + 1}`),
    );
  }
});

test("a stdout that is not read loses output, which a warning names, and holds up nobody", async () => {
  let isOpen = false;
  const opened = Promise.withResolvers<void>();
  await using host = hostCopies({ flushed: () => (isOpen ? Promise.resolve() : opened.promise) });
  host.create({ name: "web", cmd: "seq 200000", outputTo: "stdout", outputBufferBytes: 4096 });
  await waitFor(() => host.manager.get("web").processes.length === 0, "its exit");
  isOpen = true;
  opened.resolve();
  await waitFor(() => host.out().endsWith("200000\n"), "the last line");
  const lost = host.warnings.map((message) =>
    Number(/^not written to stdout, .*: (\d+) bytes of out of web\[1\]$/.exec(message)?.[1]),
  );
  const written = Array.from({ length: 200_000 }, (_, at) => at + 1).join("\n").length + 1;
  expect(lost.reduce((sum, bytes) => sum + bytes, host.out().length)).toBe(written);
});

test("a file that is too slow has a line that names the lost bytes", async () => {
  await using host = hostCopies();
  // A FIFO is refused; later there is a file in its place.
  const path = join(folder, "late");
  Bun.spawnSync(["mkfifo", path]);
  host.create({ name: "web", cmd: "seq 20000", outputFile: path, outputBufferBytes: 4096 });
  await waitFor(() => host.manager.get("web").processes.length === 0, "its exit");
  rmSync(path);
  await waitFor(() => read("late").endsWith("20000\n"), "the last line");
  const text = read("late");
  const [line = "", bytes] =
    /gafferd: lost here, because this file was too slow: (\d+) bytes of out of web\[1\]\n/.exec(text) ?? [];
  expect(text.length - line.length + Number(bytes)).toBe(
    Array.from({ length: 20_000 }, (_, at) => at + 1).join("\n").length + 1,
  );
});
