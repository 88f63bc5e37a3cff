import packageJson from "../../package.json" with { type: "json" };
import { configureLog, log } from "../log.ts";
import { stderr, stdout } from "../log/outlet.ts";
import { printable } from "../log/printable.ts";
import { describeConfig } from "../config/describe.ts";
import { usesColours } from "./colours.ts";
import { daemonize } from "./launch/daemonize.ts";
import { type ExitCode, exitStatus } from "./exit-status.ts";
import { describeFailure, type Failure } from "./failure.ts";
import { flushOutput } from "./log/flush.ts";
import { helpText } from "./help.ts";
import type { Options } from "./options.ts";
import { type Readiness, takeReadiness } from "./launch/readiness.ts";
import { readConfig } from "./read-config.ts";
import { resolvePaths } from "./resolve-paths.ts";
import { withOptions } from "./with-options.ts";

const { name, version } = packageJson;

/** Runs the `gafferd` command with these arguments and returns its exit status. */
export async function runGafferd(argv: readonly string[]): Promise<ExitCode> {
  const readiness = takeReadiness();
  let failure: Failure | undefined;
  try {
    if (argv[0] === "plugin") await (await import("./plugin/plugin.ts")).runPlugin(argv.slice(1));
    else if (argv[0] === "export") await (await import("./export.ts")).runExport(argv.slice(1));
    else if (argv[0] === "mcp") await (await import("./mcp.ts")).runMcp(argv.slice(1));
    else failure = await withOptions(argv, (options) => run(resolvePaths(options), readiness));
  } catch (error) {
    failure = describeFailure(error);
  }
  if (failure !== undefined && !readiness?.(failure)) stderr.write(failure.text);
  await flushOutput();
  return failure?.status ?? exitStatus.stopped;
}

async function run(options: Options, readiness: Readiness | undefined): Promise<Failure | undefined> {
  if (options.help) stdout.write(helpText());
  else if (options.version) stdout.write(`${name} ${version}\n`);
  else if (options.check) await check(options);
  else if (options.daemon && readiness === undefined) return startInBackground(options);
  else {
    // The daemon is most of the program. Loading it only here keeps the other options fast.
    const { serve } = await import("./serve.ts");
    await serve(options, { version, isDaemon: readiness !== undefined, onReady: (facts) => void readiness?.(facts) });
  }
  return undefined;
}

async function check(options: Options): Promise<void> {
  const config = readConfig(options);
  const [{ checkConfig }, { pluginModules }] = await Promise.all([
    import("../daemon/check.ts"),
    import("./plugin-modules.ts"),
  ]);
  configureLog({ level: "warn", terminal: usesColours(2) });
  const warnings = await checkConfig({ config, version, log, pluginModules });
  printLines(describeConfig({ ...config, warnings: [...config.warnings, ...warnings] }));
}

/** Escapes control characters from the configuration, so that they do not reach the terminal. */
function printLines(text: string): void {
  stdout.write(
    text
      .split("\n")
      .map((line) => printable(line))
      .join("\n"),
  );
}

async function startInBackground(options: Options): Promise<Failure | undefined> {
  const report = await daemonize(options);
  if ("text" in report) return report;
  const { osPid, urls, logFile } = report;
  stdout.write(
    [`pid ${osPid}`, ...urls.map((url) => `url ${url}`), `log ${logFile}`].map((line) => `${line}\n`).join(""),
  );
  return undefined;
}
