import { GafferdError } from "../errors.ts";
import { defaultBacklog, defaultBind, type Endpoint, isLoopback, parseBind } from "./endpoint.ts";
import { refusalToOpen } from "./endpoint-section.ts";
import type { GafferSettings } from "./gaffer-section.ts";
import { commandLine } from "./problem.ts";
import type { Report } from "./section.ts";
import { checkReadable, parseInteger, resolvePath } from "./value.ts";

/** Settings of the command line, which win over the files. Paths are relative to the working directory. */
export interface ConfigOverrides {
  /** The address of the only endpoint: it replaces those of the files. */
  readonly bind?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly backlog?: string | number;
  readonly pluginsDir?: string;
  /** Only its folder is checked; see `unsafe-files.ts`. */
  readonly pidfile?: string;
  /** As root, uses files that other users can change, the configuration files too. Default: what the files say, for others. */
  readonly insecureFiles?: boolean;
}

/** For `resolvePath` and `parseBind`, which resolve paths relative to the folder of a file. */
const fileInWorkingDirectory = "./-";

export function applyToGaffer(gaffer: GafferSettings, overrides: ConfigOverrides, report: Report): GafferSettings {
  const pluginsDir = readOption("--plugins-dir", overrides.pluginsDir, report, toPath);
  const insecureFiles = gaffer.insecureFiles || overrides.insecureFiles === true;
  return { ...gaffer, insecureFiles, ...(pluginsDir !== undefined && { pluginsDir }) };
}

/**
 * Applies `--bind`, which replaces the endpoints of the files. The other options apply to its address, or to the
 * default address if the files define no endpoint.
 */
export function applyBinding(
  opened: readonly Endpoint[],
  overrides: ConfigOverrides,
  report: Report,
): readonly Endpoint[] {
  const { bind, certFile, keyFile, backlog } = overrides;
  const refuse = (key: string, message: string): void => report({ file: commandLine, key, message });
  if (bind === undefined && opened.length > 0) {
    const message = "requires --bind, because the configuration file defines endpoints";
    if (certFile !== undefined) refuse("--certfile", message);
    if (keyFile !== undefined) refuse("--keyfile", message);
    if (backlog !== undefined) refuse("--backlog", message);
    return opened;
  }
  const address = readOption("--bind", bind, report, (text) => parseBind(text, fileInWorkingDirectory)) ?? defaultBind;
  if (!isLoopback(address)) refuse("--bind", `${refusalToOpen(address)}, in an [endpoint:NAME] section`);
  if (certFile !== undefined && keyFile === undefined) refuse("--certfile", "requires --keyfile");
  if (keyFile !== undefined && certFile === undefined) refuse("--keyfile", "requires --certfile");
  const cert = readOption("--certfile", certFile, report, toReadableFile);
  const key = readOption("--keyfile", keyFile, report, toReadableFile);
  return [
    {
      name: "default",
      binds: [address],
      backlog:
        readOption("--backlog", backlog, report, (count) => parseInteger(String(count), 1, 65_535)) ?? defaultBacklog,
      ...(cert && key && { tls: { certFile: cert, keyFile: key } }),
      mode: 0o600,
      auth: true,
      insecure: false,
      hosts: [],
    },
  ];
}

function readOption<Given, T>(
  key: string,
  given: Given | undefined,
  report: Report,
  read: (given: Given) => T,
): T | undefined {
  if (given === undefined) return undefined;
  try {
    return read(given);
  } catch (error) {
    if (!(error instanceof GafferdError)) throw error;
    report({ file: commandLine, key, message: error.message });
    return undefined;
  }
}

function toPath(text: string): string {
  return resolvePath(text, fileInWorkingDirectory);
}

function toReadableFile(text: string): string {
  return checkReadable(toPath(text));
}
