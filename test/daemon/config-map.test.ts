import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "../../src/client/client.ts";
import { loadConfig } from "../../src/config/config.ts";
import { startDaemon } from "../../src/daemon.ts";
import { recordWarnings } from "../recorded-log.ts";

const folder = mkdtempSync(join(tmpdir(), "gafferd-config-map-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Writes the files as a kubelet does: into a dated folder, to which the link `..data` is then moved in one step. */
function publish(date: string, files: Record<string, string>): void {
  mkdirSync(join(folder, `..${date}`));
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, `..${date}`, name), text);
    rmSync(join(folder, name), { force: true });
    symlinkSync(`..data/${name}`, join(folder, name));
  }
  symlinkSync(`..${date}`, join(folder, "..data_tmp"));
  renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
}

const readConfig = () => loadConfig(join(folder, "gaffer.ini"));

const main = `[gaffer]\nstate_dir = ${folder}/state\ninclude_dir = .\n[endpoint:main]\nbind = 127.0.0.1:0\n`;
const sleeper = (name: string) => `[process:${name}]\ncmd = sleep 60\n`;

test("a mounted ConfigMap can be started and reloaded after an update, also next to an open editor", async () => {
  publish("2026_1", { "gaffer.ini": main, "web.ini": sleeper("web"), "jobs.ini": sleeper("jobs") });
  const { log, warnings } = recordWarnings();
  const daemon = await startDaemon({ config: readConfig(), version: "1.0.0", log, readConfig });
  try {
    expect(daemon.manager.names()).toEqual(["jobs", "web"]);
    symlinkSync("me@host.1:2", join(folder, ".#web.ini"));
    writeFileSync(join(folder, "._web.ini"), new Uint8Array([0, 5, 22, 7]));
    publish("2026_2", { "gaffer.ini": main, "web.ini": sleeper("web") + sleeper("more"), "jobs.ini": "" });
    const report = await createClient(daemon.urls[0] ?? "").reload();
    expect(report).toMatchObject({ added: ["process:more"], removed: ["process:jobs"], changed: [] });
    expect(daemon.manager.names()).toEqual(["web", "more"]);
    expect(warnings).toEqual([]);
  } finally {
    await daemon.stop();
  }
});
