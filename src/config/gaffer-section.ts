import { homedir } from "node:os";
import { join } from "node:path";
import type { IniValue } from "./ini.ts";
import { readKeys, type Report, reportValue, type Section, valueOf } from "./section.ts";
import { parseDuration } from "../template/duration.ts";
import { parseSize } from "../template/size.ts";
import { badValue, parseBoolean, parseList, resolvePath } from "./value.ts";

/** The settings of `[gaffer]`. */
export interface GafferSettings {
  /** Absolute path; need not exist. */
  readonly pluginsDir: string;
  /** Folder for data that must survive a restart: an absolute path, created when first needed. */
  readonly stateDir: string;
  /** Names of the bundled plugins to load. */
  readonly bundledPlugins: "all" | readonly string[];
  /** Origins as a browser sends them in `Origin`: `https://example.org`. */
  readonly corsOrigins: readonly string[];
  /** What happens if gafferd itself is killed or crashes: its processes are stopped, and it may be started again. */
  readonly onCrash: "stop" | "restart";
  /** What happens, besides a line in the log, if the event loop of gafferd is blocked for `hangTimeoutMs`. */
  readonly onHang: "log" | "restart";
  readonly hangTimeoutMs: number;
  /** The sum of all output buffers, in bytes. Undefined: a quarter of the memory that gafferd may use. */
  readonly memoryLimitBytes?: number;
  /** As root, uses files and folders that other users can change. */
  readonly insecureFiles: boolean;
}

const home = join(homedir(), ".gafferd");

/** Need not exist, unlike a folder that the configuration names. */
export const defaultPluginsDir = join(home, "plugins");

/** Created when it is first needed. */
export const defaultStateDir = join(home, "state");

/** Reads the `[gaffer]` sections of all files. Duplicate keys have been removed. */
export function readGaffer(sections: readonly Section[], report: Report): GafferSettings {
  let settings: { -readonly [Key in keyof GafferSettings]?: GafferSettings[Key] } = {};
  for (const section of sections) {
    const {
      plugins_dir,
      plugin_dir,
      bundled_plugins,
      cors_origins,
      state_dir,
      on_crash,
      on_hang,
      hang_timeout,
      memory_limit,
      insecure_files,
    } = readKeys(section, readers, report);
    const second = valueOf(section, "plugins_dir") && valueOf(section, "plugin_dir");
    if (second)
      reportValue(section, second, report, "is another name for `plugins_dir`, which is also set; remove one");
    settings = {
      ...settings,
      ...(plugin_dir !== undefined && { pluginsDir: plugin_dir }),
      ...(plugins_dir !== undefined && { pluginsDir: plugins_dir }),
      ...(bundled_plugins !== undefined && { bundledPlugins: bundled_plugins }),
      ...(cors_origins !== undefined && { corsOrigins: cors_origins }),
      ...(state_dir !== undefined && { stateDir: state_dir }),
      ...(on_crash !== undefined && { onCrash: on_crash }),
      ...(on_hang !== undefined && { onHang: on_hang }),
      ...(hang_timeout !== undefined && { hangTimeoutMs: hang_timeout }),
      ...(memory_limit !== undefined && { memoryLimitBytes: memory_limit }),
      ...(insecure_files !== undefined && { insecureFiles: insecure_files }),
    };
  }
  return {
    pluginsDir: defaultPluginsDir,
    stateDir: defaultStateDir,
    bundledPlugins: "all",
    corsOrigins: [],
    onCrash: "stop",
    onHang: "log",
    hangTimeoutMs: 30_000,
    insecureFiles: false,
    ...settings,
  };
}

const readers = {
  http_endpoints: (value: IniValue) => parseList(value.text),
  plugins_dir: (value: IniValue) => resolvePath(value.text, value.file),
  plugin_dir: (value: IniValue) => resolvePath(value.text, value.file),
  state_dir: (value: IniValue) => resolvePath(value.text, value.file),
  bundled_plugins: toPluginNames,
  // `files.ts` has already read the included files.
  include: (value: IniValue) => value.text,
  include_dir: (value: IniValue) => value.text,
  cors_origins: (value: IniValue) => parseList(value.text).map(toOrigin),
  on_crash: toCrashAction,
  on_hang: toHangAction,
  hang_timeout: toHangTimeout,
  memory_limit: toMemoryLimit,
  insecure_files: (value: IniValue) => parseBoolean(value.text),
};

function toPluginNames({ text }: IniValue): "all" | string[] {
  const names = parseList(text);
  if (names.length === 1 && names[0] === "all") return "all";
  if (names.length === 1 && names[0] === "none") return [];
  if (names.length === 0) throw badValue("must be `all`, `none` or plugin names, but is empty");
  if (names.includes("all") || names.includes("none")) {
    throw badValue("must be `all`, `none` or plugin names, not a mixture");
  }
  return names;
}

function toCrashAction({ text }: IniValue): "stop" | "restart" {
  if (text === "stop" || text === "restart") return text;
  throw badValue(`must be \`stop\` or \`restart\`, not ${JSON.stringify(text)}`);
}

function toHangAction({ text }: IniValue): "log" | "restart" {
  if (text === "log" || text === "restart") return text;
  throw badValue(`must be \`log\` or \`restart\`, not ${JSON.stringify(text)}`);
}

/** At least a second: ordinary work may take a part of it on a busy machine. */
function toHangTimeout({ text }: IniValue): number {
  const timeoutMs = parseDuration(text);
  if (timeoutMs < 1000 || timeoutMs > 3_600_000) throw badValue(`must be 1s to 1h, not ${JSON.stringify(text)}`);
  return timeoutMs;
}

/** At least a megabyte: less is probably a number whose unit was forgotten. */
function toMemoryLimit({ text }: IniValue): number {
  const bytes = parseSize(text);
  if (bytes < 1024 ** 2) throw badValue(`must be 1m or more, not ${JSON.stringify(text)}`);
  return bytes;
}

function toOrigin(text: string): string {
  if (text === "*") throw badValue("must not be `*`, which would let every web page call the API; list the origins");
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.href !== `${url.origin}/`) {
    throw badValue(`must be origins such as https://example.org, not ${JSON.stringify(text)}`);
  }
  return url.origin;
}
