import type { Daemon } from "../daemon.ts";
import { GafferdError } from "../errors.ts";
import { log } from "../log.ts";

/** Handles SIGHUP: reloads the configuration file, if there is one, and restarts the plugins. Logs errors. */
export async function reload(daemon: Pick<Daemon, "reload" | "restartPlugins">, { hasFile }: { hasFile: boolean }) {
  try {
    if (hasFile) await reloadFile(daemon);
    else await daemon.restartPlugins();
    log.info(
      hasFile ? "reloaded on SIGHUP" : "restarted the plugins on SIGHUP; there is no configuration file to reload",
    );
  } catch (error) {
    if (!(error instanceof GafferdError)) return log.error("cannot reload on SIGHUP", error);
    const problems = error.details?.["problems"] as readonly string[] | undefined;
    if (problems === undefined) return log.error(`cannot reload on SIGHUP: ${error.message}`);
    for (const problem of problems) log.error(`cannot reload on SIGHUP, nothing was changed: ${problem}`);
  }
}

async function reloadFile(daemon: Pick<Daemon, "reload">): Promise<void> {
  const { needsRestart } = await daemon.reload();
  for (const name of needsRestart) log.warn(`${name} has changed; restart gafferd to apply this`);
}
