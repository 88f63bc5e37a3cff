import { GafferdError } from "../errors.ts";
import { defaultBacklog, defaultBind, type Endpoint, isLoopback, parseBind } from "./endpoint.ts";
import { refusalToOpen } from "./endpoint-section.ts";
import type { GafferSettings } from "./gaffer-section.ts";
import { commandLine } from "./problem.ts";
import type { Report } from "./section.ts";
import { checkReadable, parseInteger, resolvePath } from "./value.ts";

/** What the command line says; it wins over the files. Paths are relative to the working directory. */
export interface ConfigOverrides {
  /** Replaces all endpoints by one. */
  readonly bind?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly backlog?: string | number;
  readonly pluginsDir?: string;
}

/** `resolvePath` and `parseBind` take a file, and use its folder. */
const fileInWorkingDirectory = "./-";

export function applyPluginsDir(gaffer: GafferSettings, overrides: ConfigOverrides, report: Report): GafferSettings {
  const pluginsDir = readOption("--plugins-dir", overrides.pluginsDir, report, toPath);
  return pluginsDir === undefined ? gaffer : { ...gaffer, pluginsDir };
}

/** `--bind` replaces the endpoints; the other options go with it, or with the default binding if the files name none. */
export function applyBinding(
  opened: readonly Endpoint[],
  overrides: ConfigOverrides,
  report: Report,
): readonly Endpoint[] {
  const { bind, certFile, keyFile, backlog } = overrides;
  const refuse = (key: string, message: string): void => report({ file: commandLine, key, message });
  if (bind === undefined && opened.length > 0) {
    const message = "needs --bind, since the configuration names its endpoints";
    if (certFile !== undefined) refuse("--certfile", message);
    if (keyFile !== undefined) refuse("--keyfile", message);
    if (backlog !== undefined) refuse("--backlog", message);
    return opened;
  }
  const address = readOption("--bind", bind, report, (text) => parseBind(text, fileInWorkingDirectory)) ?? defaultBind;
  if (!isLoopback(address)) refuse("--bind", `${refusalToOpen(address)}, in an [endpoint:NAME] of a file`);
  if (certFile !== undefined && keyFile === undefined) refuse("--certfile", "needs --keyfile too");
  if (keyFile !== undefined && certFile === undefined) refuse("--keyfile", "needs --certfile too");
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
