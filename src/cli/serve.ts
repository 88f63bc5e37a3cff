import { messageOf } from "../reason.ts";
import { type Daemon, startDaemon } from "../daemon.ts";
import { claimStateFolder } from "../daemon/state-folder.ts";
import { GafferdError } from "../errors.ts";
import { configureLog, log } from "../log.ts";
import { stderr, stdout } from "../log/outlet.ts";
import type { Config } from "../config/config.ts";
import type { ProcessTemplate } from "../template/template.ts";
import { hasDashboard } from "../plugin/site/dashboard.ts";
import { usesColours } from "./colours.ts";
import { createConsole } from "./console.ts";
import { followRing } from "./follow.ts";
import { describeFailure, GaveUpError } from "./failure.ts";
import { installGuard } from "./guard.ts";
import { chooseLogFile, reopenLog } from "./log/choose-log-file.ts";
import { flushOutput } from "./log/flush.ts";
import type { LogFile } from "./log/log-file.ts";
import type { Options } from "./options.ts";
import { acquirePidfile } from "./pidfile.ts";
import { pluginModules } from "./plugin-modules.ts";
import { readConfig, readConfigInSlices } from "./read-config.ts";
import type { Listening } from "./launch/readiness.ts";
import { reload } from "./reload.ts";
import { takeServiceManager } from "./launch/service-manager.ts";
import { takeRestart } from "./launch/restart.ts";
import { startMessage } from "./start-message.ts";
import { listenForSignals, type Signals } from "./signals/signals.ts";
import { ignoreRealTimeSignals, ignoreStraySignals } from "./signals/stray-signals.ts";

export interface ServeOptions {
  readonly version: string;
  /** Log to a file in `state_dir`, unless the options name another file. */
  readonly isDaemon: boolean;
  /** Called once, when the daemon listens. `logFile` is empty if there is none. */
  readonly onReady: (facts: Listening) => void;
}

/**
 * Runs the daemon until a signal stops it. Throws if it cannot start (ConfigError, LogFileError, PidfileError,
 * GafferdError), and a GaveUpError if it stopped because a template was given up.
 */
export async function serve(options: Options, serveOptions: ServeOptions): Promise<void> {
  const signals = listenForSignals();
  const config = readConfig(options);
  claimStateFolder(config);
  const logFile = await chooseLogFile(options, { ...serveOptions, stateDir: config.gaffer.stateDir });
  configureLog({ level: options.verbosity === 2 ? "debug" : "info", terminal: usesColours(2) });
  signals.onReopen((signal) => reopenLog(signal, logFile, () => 0));
  ignoreStraySignals();
  try {
    await serveConfig(config, { ...serveOptions, options, signals, logFile });
  } catch (error) {
    // The log file gets the reason too. The caller prints it for the user.
    if (logFile !== undefined) stderr.write(describeFailure(error).text);
    throw error;
  } finally {
    await flushOutput();
    logFile?.close();
  }
}

async function serveConfig(config: Config, parts: ServeParts): Promise<void> {
  const { options, signals, logFile, version, isDaemon, onReady } = parts;
  const releasePidfile = options.pidfile === undefined ? undefined : acquirePidfile(options.pidfile);
  try {
    const guard = installGuard();
    const serviceManager = takeServiceManager();
    const observe = (observed: Observed) => print(observed, options.verbosity);
    const daemon = await startDaemon({
      config,
      version,
      log,
      observe,
      adoptOrphans: true,
      endWithHost: true,
      keepState: true,
      restart: takeRestart({ isDaemon, logFile: logFile?.path ?? "" }),
      pluginModules,
      ...(options.verbosity > 0 && { onWaiting: logWaiting }),
      ...(options.config !== undefined && { readConfig: () => readConfigInSlices(options) }),
    });
    signals.onReopen((signal) => reopenLog(signal, logFile, () => daemon.reopenOutputFiles()));
    signals.onRepeatedStop(() => daemon.forceStop());
    const unhandled = guard.endStart((error) => daemon.culpritOf(error));
    let failure = unhandled === undefined ? undefined : toStartError(unhandled, daemon.culpritOf(unhandled));
    if (failure === undefined) {
      const { urls, plugins } = daemon;
      const facts = { version, urls, templates: daemon.manager.names().length };
      log.box(startMessage({ ...facts, hasDashboard: await hasDashboard(plugins) }));
      onReady({ osPid: process.pid, urls, logFile: logFile?.path ?? "" });
      serviceManager?.ready();
      void ignoreRealTimeSignals();
      signals.onReload(() => void reload(daemon, { hasFile: options.config !== undefined }));
      const reason = daemon.shutdownWanted.then((message) => new GaveUpError(`stopped: ${message}`));
      const cause = await Promise.race([signals.stop, reason]);
      log.info(typeof cause === "string" ? `stopping on ${cause}` : "stopping: a template was given up");
      if (typeof cause !== "string") failure = cause;
      serviceManager?.stopping();
    }
    await daemon.stop();
    if (failure !== undefined) throw failure;
  } finally {
    releasePidfile?.();
  }
}

interface ServeParts extends ServeOptions {
  readonly options: Options;
  readonly signals: Signals;
  readonly logFile: LogFile | undefined;
}

/** The error to report after an unhandled error during the start. */
function toStartError(error: unknown, culprit: string | undefined): unknown {
  if (culprit === undefined) return error;
  const reason = messageOf(error);
  const message = `cannot start: unhandled error in the plugin \`${culprit}\`: ${reason}`;
  return new GafferdError("internal", message, { cause: error });
}

function logWaiting({ name, gracefulTimeoutMs }: ProcessTemplate, processes: number): void {
  const count = processes === 1 ? "1 process" : `${processes} processes`;
  log.info(`waiting for ${name}: ${count}, ${gracefulTimeoutMs / 1000} s at most`);
}

type Observed = Pick<Daemon, "bus" | "manager">;

/** Prints events with `-v`, and outputs too with `-vv`. */
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
