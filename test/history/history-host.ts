import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "../../src/client/client.ts";
import { loadConfig } from "../../src/config/config.ts";
import { startDaemon } from "../../src/daemon.ts";
import { storePath } from "../../src/store/store.ts";
import { recordWarnings } from "../recorded-log.ts";

/** A folder with a configuration file, in which one daemon after the other runs. Dispose of it last. */
export function createHistoryHost(sections = "") {
  const folder = mkdtempSync(join(tmpdir(), "gafferd-history-"));
  const [file, stateDir] = [join(folder, "gaffer.ini"), join(folder, "state")];
  writeFileSync(file, `[gaffer]\nstate_dir = ${stateDir}\n${sections}`);
  const readConfig = () => loadConfig(file, { bind: "127.0.0.1:0" });
  return {
    file,
    path: storePath(stateDir),
    async start({ keepState = true } = {}) {
      const { log, warnings } = recordWarnings();
      const daemon = await startDaemon({ config: readConfig(), version: "1.2.3", log, keepState, readConfig });
      const url = daemon.urls[0] ?? "";
      const client = createClient({ url });
      return { daemon, client, url, warnings, [Symbol.asyncDispose]: () => daemon.stop() };
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
