import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { definitionEntries, type Options, toArguments, valueOptions } from "../../src/cli/options.ts";
import { withOptions } from "../../src/cli/with-options.ts";
import { UsageError } from "../../src/cli/check-words.ts";

const parse = (argv: readonly string[]) => withOptions(argv, async (options) => options);

const nothing: Options = {
  help: false,
  version: false,
  check: false,
  daemon: false,
  insecureFiles: false,
  verbosity: 0,
};

describe("a command line is read as", () => {
  test.each<[string, Partial<Options>]>([
    ["", {}],
    ["-h", { help: true }],
    ["--help --version --check --daemon", { help: true, version: true, check: true, daemon: true }],
    ["-v", { verbosity: 1 }],
    ["-vv", { verbosity: 2 }],
    ["-v -v", { verbosity: 2 }],
    ["gaffer.ini", { config: "gaffer.ini" }],
    ["-c gaffer.ini", { config: "gaffer.ini" }],
    ["-cgaffer.ini", { config: "gaffer.ini" }],
    ["-c=gaffer.ini", { config: "gaffer.ini" }],
    ["--config gaffer.ini", { config: "gaffer.ini" }],
    ["--config=gaffer.ini", { config: "gaffer.ini" }],
    ["--config=a=b", { config: "a=b" }],
    ["-c gaffer.ini ./gaffer.ini", { config: "gaffer.ini" }],
    ["-vvc gaffer.ini", { verbosity: 2, config: "gaffer.ini" }],
    ["-- -odd.ini", { config: "-odd.ini" }],
    ["--config=-odd.ini", { config: "-odd.ini" }],
    ["-p plugins", { pluginsDir: "plugins" }],
    ["--plugins-dir plugins --pidfile=g.pid", { pluginsDir: "plugins", pidfile: "g.pid" }],
    ["--log-file=g.log", { logFile: "g.log" }],
    ["-vc=a=b", { verbosity: 1, config: "a=b" }],
    ["-- -c=x", { config: "-c=x" }],
    ["--config=-", { config: "-" }],
    ["-c -", { config: "-" }],
    ["--certfile=c --keyfile=k --backlog=5", { certfile: "c", keyfile: "k", backlog: "5" }],
  ])("`%s`", async (line, expected) => {
    expect(await parse(wordsOf(line))).toEqual({ ...nothing, ...expected });
  });
});

describe("a command line is refused:", () => {
  test.each([
    ["--nope", "unknown option `--nope`"],
    ["--nope=1", "unknown option `--nope`"],
    ["--confg=x", "unknown option `--confg`; did you mean `--config`?"],
    ["--v", "unknown option `--v`; did you mean `-v`?"],
    ["--c=x", "unknown option `--c`; did you mean `-c`?"],
    ["-help", "unknown option `-e` in `-help`; did you mean `--help`?"],
    ["-é", "unknown option `-é`"],
    ["--__proto__", "unknown option `--__proto__`"],
    ["--no-daemon", "unknown option `--no-daemon`; did you mean `--daemon`?"],
    ["--pluginsDir=x", "unknown option `--pluginsDir`; did you mean `--plugins-dir`?"],
    ["--file=x", "unknown option `--file`"],
    ["--daemon=1", "`--daemon` takes no value"],
    ["-vvv", "`-vv` is the highest level; use `-v` at most twice"],
    ["--bind", "`--bind` needs a value"],
    ["--bind=", "`--bind` needs a value"],
    ["-c", "`-c` needs a value"],
    ["-c=", "`-c` needs a value"],
    ["--bind --daemon", "`--bind` needs a value; if `--daemon` is the value, write `--bind=--daemon`"],
    ["--config --no-daemon", "`--config` needs a value; if `--no-daemon` is the value, write `--config=--no-daemon`"],
    ["-c -v", "`-c` needs a value; if `-v` is the value, write `-c-v`"],
    ["-c --", "`-c` needs a value; if `--` is the value, write `-c--`"],
    ["a.ini b.ini", "unexpected argument `b.ini`"],
    ["-c a.ini b.ini", "two configuration files were given, `a.ini` and `b.ini`; use only one"],
    ["--bind=:1 --bind=:2", "`--bind` is given twice"],
    ["-c a.ini --config=a.ini", "`--config` is given twice"],
  ])("`%s`", (line, message) => {
    expect(parse(wordsOf(line))).rejects.toThrow(new UsageError(message));
  });

  test("an empty word", () => {
    expect(parse([""])).rejects.toThrow(new UsageError("CONFIG is empty"));
  });
});

test("any arguments give options or a UsageError", async () => {
  const flags = definitionEntries.flatMap(([name, { alias }]) => [`--${name}`, `-${alias ?? name}`]);
  const word = fc.oneof(
    fc.constantFrom(...flags, "--", "-", "---", "--=", "-=", "-vv", "-vh"),
    fc.tuple(fc.constantFrom(...flags), fc.string({ unit: "binary" })).map(([flag, value]) => `${flag}=${value}`),
    fc.string({ unit: "binary" }),
    fc.string().map((text) => `-${text}`),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 6 }), async (argv) => {
      try {
        expect(await parse(argv)).toMatchObject({ help: expect.any(Boolean) });
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
      }
    }),
    { numRuns: 2000 },
  );
});

test("options converted to arguments parse to the same options", async () => {
  const text = fc.string({ unit: "binary", minLength: 1 });
  const values = Object.fromEntries(valueOptions.map(([, key]) => [key, text]));
  const options = fc.tuple(
    fc.record({
      help: fc.boolean(),
      version: fc.boolean(),
      check: fc.boolean(),
      daemon: fc.boolean(),
      insecureFiles: fc.boolean(),
      verbosity: fc.constantFrom(0 as const, 1 as const, 2 as const),
    }),
    fc.record(values, { requiredKeys: [] }),
  );
  await fc.assert(
    fc.asyncProperty(options, async ([flags, given]) => {
      expect(await parse(toArguments({ ...flags, ...given }))).toEqual({ ...flags, ...given });
    }),
  );
});

function wordsOf(line: string): string[] {
  return line.split(" ").filter((word) => word !== "");
}
