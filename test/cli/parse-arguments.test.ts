import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { definitionEntries, type Options, toArguments, valueOptions } from "../../src/cli/options.ts";
import { parseArguments } from "../../src/cli/parse-arguments.ts";
import { UsageError } from "../../src/cli/read-words.ts";

const nothing: Options = { help: false, version: false, check: false, daemon: false, verbosity: 0 };

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
    ["--bind :5000 --bind=:5000", { bind: ":5000" }],
    ["--certfile=c --keyfile=k --backlog=5", { certfile: "c", keyfile: "k", backlog: "5" }],
  ])("`%s`", (line, expected) => {
    expect(parseArguments(wordsOf(line))).toEqual({ ...nothing, ...expected });
  });
});

describe("a command line is refused:", () => {
  test.each([
    ["--nope", "cannot understand `--nope`: there is no such option"],
    ["--nope=1", "cannot understand `--nope`: there is no such option"],
    ["--confg=x", "cannot understand `--confg`: there is no such option; did you mean `--config`?"],
    ["--v", "cannot understand `--v`: there is no such option; did you mean `-v`?"],
    ["--c=x", "cannot understand `--c`: there is no such option; did you mean `-c`?"],
    ["-help", "cannot understand `-e` in `-help`: there is no such option; did you mean `--help`?"],
    ["--__proto__", "cannot understand `--__proto__`: there is no such option"],
    ["--no-daemon", "cannot understand `--no-daemon`: there is no such option; did you mean `--daemon`?"],
    ["--daemon=1", "cannot give `--daemon` a value: it takes none"],
    ["-vvv", "cannot be more verbose than `-vv`"],
    ["--bind", "cannot use `--bind` without a value"],
    ["--bind=", "cannot use an empty text as `--bind`"],
    ["-c", "cannot use `-c` without a value"],
    ["--bind --daemon", "cannot use `--bind` without a value (if `--daemon` is it, write `--bind=--daemon`)"],
    ["-c -v", "cannot use `-c` without a value (if `-v` is it, write `-c-v`)"],
    ["a.ini b.ini", "cannot use two configuration files: `a.ini` and `b.ini`"],
    ["-c a.ini b.ini", "cannot use two configuration files: `a.ini` and `b.ini`"],
    ["--bind=:1 --bind=:2", "cannot give `--bind` two values: `:1` and `:2`"],
  ])("`%s`", (line, message) => {
    expect(() => parseArguments(wordsOf(line))).toThrow(new UsageError(message));
  });

  test("an empty word", () => {
    expect(() => parseArguments([""])).toThrow(new UsageError("cannot use an empty text as the configuration file"));
  });
});

test("any words are options or a UsageError", () => {
  const flags = definitionEntries.flatMap(([name, { alias }]) => [`--${name}`, `-${alias ?? name}`]);
  const word = fc.oneof(
    fc.constantFrom(...flags, "--", "-", "---", "--=", "-=", "-vv", "-vh"),
    fc.tuple(fc.constantFrom(...flags), fc.string({ unit: "binary" })).map(([flag, value]) => `${flag}=${value}`),
    fc.string({ unit: "binary" }),
    fc.string().map((text) => `-${text}`),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), (argv) => {
      try {
        expect(parseArguments(argv)).toMatchObject({ help: expect.any(Boolean) });
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
      }
    }),
    { numRuns: 2000 },
  );
});

test("what options become as words is read as the same options", () => {
  const text = fc.string({ unit: "binary", minLength: 1 });
  const values = Object.fromEntries(valueOptions.map(([, key]) => [key, text]));
  const options = fc.tuple(
    fc.record({
      help: fc.boolean(),
      version: fc.boolean(),
      check: fc.boolean(),
      daemon: fc.boolean(),
      verbosity: fc.constantFrom(0 as const, 1 as const, 2 as const),
    }),
    fc.record(values, { requiredKeys: [] }),
  );
  fc.assert(
    fc.property(options, ([flags, given]) => {
      expect(parseArguments(toArguments({ ...flags, ...given }))).toEqual({ ...flags, ...given });
    }),
  );
});

function wordsOf(line: string): string[] {
  return line.split(" ").filter((word) => word !== "");
}
