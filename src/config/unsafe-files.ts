import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { allowances, createFileCheck, explainFault } from "../files/file-trust.ts";
import type { FindOptions, PathCheck, PathFault } from "../files/safe-path.ts";
import type { Endpoint } from "./endpoint.ts";
import type { GafferSettings } from "./gaffer-section.ts";
import { type ConfigPlace, type ConfigSource, locateProblem } from "./locate.ts";
import type { ConfigOverrides } from "./overrides.ts";
import { commandLine, type ConfigProblem } from "./problem.ts";
import type { Report } from "./section.ts";

interface Settings extends ConfigSource {
  readonly gaffer: GafferSettings;
  readonly endpoints: readonly Endpoint[];
}

/**
 * As root, reports files and folders that other users can change: `state_dir` with what is in it, `plugins_dir`,
 * certificates and their keys, and the folder of the pidfile. `files.ts` checks the configuration files, and the plugin
 * host what is in `plugins_dir`.
 */
export function reportUnsafeFiles(settings: Settings, overrides: ConfigOverrides, report: Report): void {
  const check = createFileCheck(settings.gaffer.insecureFiles);
  if (check === undefined) return;
  const state = findUnsafeState(settings, check);
  if (state !== undefined) report(state);
  for (const { path, checked = path, task, place, isFilled } of pathsIn(settings, overrides)) {
    const fault = check.find(checked, { isFilled });
    if (fault === undefined) continue;
    const message = `cannot ${task} ${path}: ${explainFault(path, fault, allowanceIn(settings))}`;
    report(
      typeof place === "string" ? { file: commandLine, key: place, message } : locateProblem(settings, place, message),
    );
  }
}

/** The problem of `state_dir`, or of a file, folder or link in it. Sockets in it may belong to others. */
export function findUnsafeState(settings: Omit<Settings, "endpoints">, check: PathCheck): ConfigProblem | undefined {
  const { stateDir } = settings.gaffer;
  const fault = check.find(stateDir, { isFilled: true }) ?? findUnsafeEntry(stateDir, check);
  if (fault === undefined) return undefined;
  const message = `cannot use ${stateDir}: ${explainFault(stateDir, fault, allowanceIn(settings))}`;
  return locateProblem(settings, inGaffer("state_dir"), message);
}

/** How to allow what is refused: without a configuration file, only an option can. */
export function allowanceIn({ files }: Pick<ConfigSource, "files">): string {
  return files.length === 0 ? allowances.option : allowances.key;
}

interface UsedPath extends FindOptions {
  readonly path: string;
  /** Default: `path`. */
  readonly checked?: string;
  /** What gafferd does with the path: `load plugins from`. */
  readonly task: string;
  /** The option or the key that names it. */
  readonly place: string | ConfigPlace;
}

function pathsIn({ gaffer: { pluginsDir }, endpoints }: Settings, overrides: ConfigOverrides): UsedPath[] {
  const { pidfile, certFile } = overrides;
  const placeOfPlugins = overrides.pluginsDir === undefined ? inGaffer("plugins_dir") : "--plugins-dir";
  const plugins = { path: pluginsDir, task: "load plugins from", place: placeOfPlugins, isFilled: true };
  const certificates = endpoints.flatMap(({ name, tls }) =>
    [
      { key: "certfile", path: tls?.certFile },
      { key: "keyfile", path: tls?.keyFile },
      { key: "client_ca", path: tls?.clientCaFile },
    ].flatMap(({ key, path }) => {
      if (path === undefined) return [];
      const place = certFile === undefined ? ({ kind: "endpoint", label: name, key } as const) : `--${key}`;
      return [{ path, task: "use", place }];
    }),
  );
  // The file itself is replaced, whatever it is.
  const folder = { task: "write the pidfile", place: "--pidfile" };
  return [
    plugins,
    ...certificates,
    ...(pidfile === undefined ? [] : [{ path: pidfile, checked: dirname(pidfile), ...folder }]),
  ];
}

function inGaffer(key: string): ConfigPlace {
  return { kind: "gaffer", label: "", key };
}

function findUnsafeEntry(folder: string, check: PathCheck): PathFault | undefined {
  for (const entry of entriesOf(folder)) {
    const fault = entry.isSocket() || entry.isFIFO() ? undefined : check.find(join(folder, entry.name));
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    // It does not exist yet, or using it reports the reason.
    return [];
  }
}
