import fc from "fast-check";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../../src/config/config.ts";
import { describeConfig } from "../../src/config/describe.ts";
import { readIni } from "../../src/config/ini.ts";
import { ConfigError } from "../../src/config/problem.ts";
import { templateSchema } from "../../src/template/properties.ts";
import { main } from "../cli/running.ts";
import { type FuzzTarget, inTime } from "./target.ts";
import { damaged, oddNumber, oddText } from "./text.ts";

const section = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.constantFrom(
      ..."gaffer endpoint:main endpoint: process:web process:my.app process:g:web env:web webhooks plugin:dashboard __proto__".split(
        " ",
      ),
    ),
  },
  { weight: 1, arbitrary: oddText },
);
// Values of these name files, folders, hosts and programs, so they come from a list.
const lists: Readonly<Record<string, readonly string[]>> = {
  include: ["*.ini", "none.ini", "gaffer.ini", "sub/[", "{a", "", '"a b.ini"'],
  include_dir: [".", "sub", "none", "gaffer.ini"],
  plugins_dir: ["plugins", "none", "gaffer.ini", "\0"],
  state_dir: ["state", "gaffer.ini/state"],
  certfile: ["none.pem", "gaffer.ini"],
  keyfile: ["none.pem", "gaffer.ini"],
  bind: [
    "127.0.0.1:0",
    "[::1]:0",
    "unix:a.sock",
    ":99999",
    "127.0.0.1",
    "[",
    "unix:",
    "localhost:0",
    "127.0.0.1:-1, ,",
  ],
  cmd: ["true", "sleep 1", "none", "'", "${A:-", "$A", "./gaffer.ini", ""],
  cwd: [".", "sub", "none", "gaffer.ini", "~nobody", "$A"],
  env_file: ["none.env", "gaffer.ini", "sub"],
  ".": ["http://127.0.0.1:1/", "http://[", "ftp://127.0.0.1", "a b"],
  "proc.web": ["http://127.0.0.1:1/"],
};
const listed = fc.constantFrom(
  ...Object.entries(lists).flatMap(([key, values]) => values.map((value) => [key, value] as const)),
);
const freeKeys = [
  ...Object.keys(templateSchema.properties),
  ..."http_endpoints bundled_plugins cors_origins backlog mode auth hosts env:A env:__proto__ secret timeout retries __proto__ constructor".split(
    " ",
  ),
].filter((key) => !(key in lists));
const free = fc.tuple(
  fc.constantFrom(...freeKeys),
  fc.oneof(oddText, oddNumber, fc.constantFrom("true", "no", "1, 2", "TERM", "10s", "64k")),
);
const line = fc.oneof(
  { weight: 2, arbitrary: section.map((name) => `[${name}]`) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.oneof(listed, free), fc.constantFrom(" = ", "=", ": "))
      .map(([[key, value], sign]) => key + sign + value),
  },
  { weight: 1, arbitrary: oddText },
  {
    weight: 1,
    arbitrary: fc.constantFrom("; comment", "", "  more", "\tmore", "key", "= value", "[", "[]", "{}", "web: true"),
  },
);
const file = damaged(
  fc
    .tuple(fc.array(line, { maxLength: 14 }), fc.constantFrom("\n", "\r\n", "\r"), fc.constantFrom("", "\uFEFF"))
    .map(([lines, end, mark]) => Buffer.from(mark + lines.join(end))),
  // Damage makes no paths, hosts or programs.
  fc
    .array(fc.constantFrom(..."\0[]=:;#\"' \n\t\r".split(""), "\xff"), { maxLength: 3 })
    .map((parts) => Buffer.from(parts.join(""), "latin1")),
);

/** Every file is a configuration, or an error that names a file for each problem. `--check` says the same. */
export const ini: FuzzTarget = {
  name: "ini",
  inputs: 400,
  async start() {
    const folder = mkdtempSync(join(tmpdir(), "gafferd-fuzz-ini-"));
    mkdirSync(join(folder, "sub"));
    const path = join(folder, "gaffer.ini");
    let count = 0;
    return {
      property: fc.asyncProperty(file, async (bytes) => {
        inTime(() => readIni(bytes.toString(), path));
        writeFileSync(path, bytes);
        const problems = inTime(() => findProblems(path));
        count += 1;
        // Starting a program takes long.
        if (count % 40 === 1) await check(folder, problems);
      }),
      settle: async () => {},
      [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true }),
    };
  },
};

/** The lines of the error for a file that cannot be used. */
function findProblems(path: string): readonly string[] {
  try {
    describeConfig(loadConfig(path, {}, { HOME: "/", A: "1" }));
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const bad = error.problems.find(({ file: each, line: at, message }) => each === "" || message === "" || at === 0);
    if (bad !== undefined || error.problems.length === 0)
      throw new Error(`a problem without a place: ${JSON.stringify(bad)}`, { cause: error });
    return error.message.split("\n");
  }
}

/** Runs `gafferd --check` in the folder. It must find these problems, and may find others. */
async function check(folder: string, problems: readonly string[]): Promise<void> {
  const child = Bun.spawn({
    cmd: [main, "--check", "gaffer.ini"],
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "", HOME: folder, A: "1" },
    stdout: "pipe",
    stderr: "pipe",
    timeout: 20_000,
    killSignal: "SIGKILL",
  });
  const [status, out, err] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  const isFine = problems.length > 0 ? status === 2 : status === 0 || status === 2;
  if (!isFine || child.signalCode !== null)
    throw new Error(`--check ended with ${child.signalCode ?? status}: ${out}${err}`);
  if (/^\s+at .*:\d+/m.test(err) || /panic|unhandled/i.test(err)) throw new Error(`--check shows a stack: ${err}`);
  if (status === 2 && !/^\S*(gaffer\.ini|sub)\S*:/m.test(err)) throw new Error(`--check names no file: ${err}`);
}
