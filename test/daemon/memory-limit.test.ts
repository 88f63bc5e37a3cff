import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { totalmem, tmpdir } from "node:os";
import { join } from "node:path";
import { availableMemory, createOutputMemory } from "../../src/daemon/memory-limit.ts";
import { silentLog } from "../supervisor/hosting.ts";

const root = mkdtempSync(join(tmpdir(), "memory-limit-"));
afterAll(() => rmSync(root, { recursive: true }));

/** The memory with these lines in `/proc/self/cgroup` and these files of limits. */
function memoryOf(lines: string, files: Readonly<Record<string, string>>): number {
  const mount = mkdtempSync(join(root, "case-"));
  const file = join(mount, "self");
  writeFileSync(file, lines);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(mount, path, ".."), { recursive: true });
    writeFileSync(join(mount, path), `${text}\n`);
  }
  return availableMemory({ file, mount });
}

test.each([
  ["no cgroup", "", {}, totalmem()],
  ["v2 without a limit", "0::/a\n", { "a/memory.max": "max" }, totalmem()],
  ["v2 with a limit", "0::/a\n", { "a/memory.max": "67108864" }, 67_108_864],
  ["v2 with a lower limit above", "0::/a/b\n", { "a/memory.max": "1048576", "a/b/memory.max": "2097152" }, 1_048_576],
  ["v2 in a container", "0::/../x\n", { "memory.max": "1048576" }, 1_048_576],
  ["v1", "3:cpu:/c\n2:memory:/a\n", { "memory/a/memory.limit_in_bytes": "4194304" }, 4_194_304],
  ["v1 unlimited", "2:memory:/\n", { "memory/memory.limit_in_bytes": "9223372036854771712" }, totalmem()],
  ["v1 in a container", "2:memory:/docker/1\n", { "memory/memory.limit_in_bytes": "1048576" }, 1_048_576],
])("the memory that gafferd may use: %s", (_, lines, files, expected) => {
  expect(memoryOf(lines, files as Record<string, string>)).toBe(expected);
});

test("without `memory_limit` the outputs have a quarter of it", () => {
  expect(createOutputMemory({ limit: undefined, log: silentLog }).limit).toBe(Math.floor(availableMemory() / 4));
});

test("a shortage is a warning with the template, the limit and the key, once a minute at most", () => {
  const warnings: string[] = [];
  const log = { ...silentLog, warn: (message: string) => void warnings.push(message) };
  const memory = createOutputMemory({ limit: 2 ** 26, log });
  for (const name of ["web", "api"]) memory.of(name).isShort(8192);
  expect(warnings).toEqual([
    "`web`: an output keeps its last 8 KiB only, because all outputs together have reached `memory_limit` (64 MiB); " +
      "raise it in [gaffer], or lower `output_buffer`",
  ]);
});
