import { type Daemon, startDaemon } from "../daemon.ts";
import { configureLog, log, stdout } from "../log.ts";
import { usesColours } from "./colours.ts";
import { createConsole } from "./console.ts";
import { followRing } from "./follow.ts";
import { installGuard } from "./guard.ts";
import type { Options } from "./options.ts";
import { acquirePidfile } from "./pidfile.ts";
import { readConfig } from "./read-config.ts";
import { startMessage } from "./start-message.ts";
import { listenForStop } from "./stop-signals.ts";

export interface ServeOptions {
  readonly version: string;
  /** Hears where the daemon listens, once. */
  readonly onReady: (urls: readonly string[]) => void;
}

/** Runs the daemon until a signal stops it. Throws what keeps it from starting: ConfigError, PidfileError, GafferdError. */
export async function serve(options: Options, { version, onReady }: ServeOptions): Promise<void> {
  configureLog({ level: options.verbosity === 2 ? "debug" : "info", terminal: usesColours(2) });
  const config = readConfig(options);
  const releasePidfile = options.pidfile === undefined ? undefined : acquirePidfile(options.pidfile);
  try {
    const guard = installGuard();
    const signals = listenForStop();
    const observe = (parts: Observed) => print(parts, options.verbosity);
    const daemon = await startDaemon({ config, version, log, observe, adoptOrphans: true });
    signals.onHasten(() => daemon.hasten());
    const stray = guard.endStart();
    if (stray === undefined) {
      for (const line of startMessage({ version, urls: daemon.urls, templates: config.templates.length }))
        log.info(line);
      onReady(daemon.urls);
      log.info(`stopping on ${await signals.stop}`);
    }
    await daemon.stop();
    if (stray !== undefined) throw stray;
  } finally {
    releasePidfile?.();
  }
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
