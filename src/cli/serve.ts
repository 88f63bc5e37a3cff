import { type Daemon, startDaemon } from "../daemon.ts";
import { GafferdError } from "../errors.ts";
import { configureLog, log, stdout } from "../log.ts";
import type { ProcessTemplate } from "../template/template.ts";
import { hasDashboard } from "../plugin/site/dashboard.ts";
import { usesColours } from "./colours.ts";
import { createConsole } from "./console.ts";
import { followRing } from "./follow.ts";
import { GaveUpError } from "./failure.ts";
import { installGuard } from "./guard.ts";
import type { Options } from "./options.ts";
import { acquirePidfile } from "./pidfile.ts";
import { pluginModules } from "./plugin-modules.ts";
import { readConfig } from "./read-config.ts";
import { reload } from "./reload.ts";
import { startMessage } from "./start-message.ts";
import { listenForSignals } from "./signals.ts";

export interface ServeOptions {
  readonly version: string;
  /** Hears where the daemon listens, once. */
  readonly onReady: (urls: readonly string[]) => void;
}

/**
 * Runs the daemon until a signal stops it. Throws what keeps it from starting (ConfigError, PidfileError, GafferdError),
 * and a GaveUpError when it has stopped by itself.
 */
export async function serve(options: Options, { version, onReady }: ServeOptions): Promise<void> {
  configureLog({ level: options.verbosity === 2 ? "debug" : "info", terminal: usesColours(2) });
  const config = readConfig(options);
  const releasePidfile = options.pidfile === undefined ? undefined : acquirePidfile(options.pidfile);
  try {
    const guard = installGuard();
    const signals = listenForSignals();
    const observe = (parts: Observed) => print(parts, options.verbosity);
    const daemon = await startDaemon({
      config,
      version,
      log,
      observe,
      adoptOrphans: true,
      endWithHost: true,
      pluginModules,
      ...(options.verbosity > 0 && { onWaiting: tellWaiting }),
      ...(options.config !== undefined && { readConfig: () => readConfig(options) }),
    });
    signals.onHasten(() => daemon.hasten());
    const stray = guard.endStart((error) => daemon.culpritOf(error));
    let failure = stray === undefined ? undefined : strayed(stray, daemon.culpritOf(stray));
    if (failure === undefined) {
      const { urls, plugins } = daemon;
      const facts = { version, urls, templates: config.templates.length };
      for (const line of startMessage({ ...facts, hasDashboard: await hasDashboard(plugins) })) log.info(line);
      onReady(urls);
      signals.onReload(() => void reload(daemon, { hasFile: options.config !== undefined }));
      const reason = daemon.shutdownWanted.then((message) => new GaveUpError(`stopped: ${message}`));
      const cause = await Promise.race([signals.stop, reason]);
      log.info(typeof cause === "string" ? `stopping on ${cause}` : "stopping: a template was given up");
      if (typeof cause !== "string") failure = cause;
    }
    await daemon.stop();
    if (failure !== undefined) throw failure;
  } finally {
    releasePidfile?.();
  }
}

/** What to tell of an error that reached nobody while all was started. */
function strayed(error: unknown, culprit: string | undefined): unknown {
  if (culprit === undefined) return error;
  const reason = error instanceof Error ? error.message : String(error);
  const message = `cannot start: an error of the plugin \`${culprit}\` reached nobody: ${reason}`;
  return new GafferdError("internal", message, { cause: error });
}

function tellWaiting({ name, gracefulTimeoutMs }: ProcessTemplate, processes: number): void {
  const count = processes === 1 ? "1 process" : `${processes} processes`;
  log.info(`waiting for ${name}: ${count}, ${gracefulTimeoutMs / 1000} s at most`);
}

type Observed = Pick<Daemon, "bus" | "manager">;

/** Prints events from `-v` on, outputs from `-vv` on. */
function print({ bus, manager }: Observed, verbosity: Options["verbosity"]): void {
  if (verbosity === 0) return;
  const console = createConsole({ outlet: stdout, colours: usesColours(1) });
  bus.subscribe((event) => {
    console.printEvent(event);
    if (verbosity < 2 || event.type !== "spawn") return;
    const { name, id } = event;
    for (const [label, ring] of manager.findProcess(id).process.rings) {
      void console.printOutput({ name, id, label }, followRing(ring));
    }
  });
}
