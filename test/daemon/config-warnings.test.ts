import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "../../src/client/client.ts";
import { loadConfig } from "../../src/config/config.ts";
import { startDaemon } from "../../src/daemon.ts";
import { recordWarnings } from "../recorded-log.ts";

const folder = mkdtempSync(join(tmpdir(), "gafferd-warnings-"));
afterAll(() => rmSync(folder, { recursive: true }));

const file = join(folder, "gaffer.ini");
const settings = `[gaffer]\nstate_dir = ${folder}/state\n[endpoint:main]\nbind = 127.0.0.1:0\n`;

async function start(text: string) {
  await Bun.write(file, settings + text);
  const { log, warnings } = recordWarnings();
  const readConfig = () => loadConfig(file);
  const daemon = await startDaemon({ config: readConfig(), version: "1.0.0", log, readConfig });
  const client = createClient(daemon.urls[0] ?? "");
  /** The lines logged since the last call. */
  const heard = () => warnings.splice(0).map((line) => line.replaceAll(`${folder}/`, ""));
  return { client, heard, [Symbol.asyncDispose]: () => daemon.stop() };
}

test("warnings about a file are logged with the line, once at start and at each reload", async () => {
  await using daemon = await start("[process:a]\ncmd = sh -c 'sleep 60' $NO_SUCH_VARIABLE_X\nstart = no\n");
  const message = "$NO_SUCH_VARIABLE_X is not set and is not replaced; set it, or write $$ for a literal $";
  expect(daemon.heard()).toEqual([`gaffer.ini:6: [process:a] cmd: ${message}`]);
  await daemon.client.add("a");
  await daemon.client.start("a");
  expect(daemon.heard()).toEqual([]);
  await Bun.write(file, `${settings}[process:a]\ncmd = echo 60 | cat\nstart = no\nnumprocesses = 2\n`);
  await daemon.client.reload();
  expect(daemon.heard()).toEqual([
    "gaffer.ini:6: [process:a] cmd: `|` is passed to the program, because no shell is used; set `shell = true`, or put it in quotes if the program needs it",
  ]);
});

test("a warning about a template created over HTTP has its name, and is logged once for all its processes", async () => {
  await using daemon = await start("");
  await daemon.client.create({ name: "b", cmd: "sleep 60 $NO_SUCH_VARIABLE_Y &", numprocesses: 3, restart: "never" });
  expect(daemon.heard().filter((line) => line.startsWith("b: "))).toEqual([
    "b: cmd: `&` is passed to the program; remove it, gafferd runs every process in the background",
    "b: cmd: $NO_SUCH_VARIABLE_Y is not set and is not replaced; set it, or write $$ for a literal $",
  ]);
});
