import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { helpText } from "../../src/cli/help.ts";

const main = join(import.meta.dir, "../../src/main.ts");

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "gafferd-cli-"))));
afterAll(() => rmSync(folder, { recursive: true }));

test.each(["-h", "--help"])("%s prints the help", async (option) => {
  expect(await run(option)).toEqual({ status: 0, out: helpText(), err: "" });
});

test("--version prints name and version", async () => {
  expect(await run("--version")).toEqual({ status: 0, out: `gafferd ${packageJson.version}\n`, err: "" });
});

test("an invalid command line prints an error to stderr, status 2", async () => {
  const err = "gafferd: unknown option `--nope`\nSee `gafferd --help`.\n";
  expect(await run("--nope=1")).toEqual({ status: 2, out: "", err });
});

test("--check shows what a file would run, and starts nothing", async () => {
  const mark = join(folder, "was-started");
  const file = write("check.ini", `[process:web]\ncmd = touch ${mark}\nnumprocesses = 3\n`);
  const { status, out, err } = await run("--check", file);
  expect({ status, err }).toEqual({ status: 0, err: "" });
  expect(out).toContain(`web: touch ${mark}\n`);
  expect(out).toContain("3 processes");
  expect(await Bun.file(mark).exists()).toBe(false);
});

test("--check without a file shows the defaults", async () => {
  const { status, out } = await run("--check");
  expect(status).toBe(0);
  expect(out).toContain("http://127.0.0.1:5000");
  expect(out).toEndWith("\n\nOK: 0 templates, 1 endpoint\n");
});

test("--check applies the options of the command line", async () => {
  const { out } = await run("--check", "--bind=127.0.0.1:6001", "-p", folder);
  expect(out).toContain("default: http://127.0.0.1:6001\n");
});

test("all errors of a file are printed at once with their lines, status 2", async () => {
  const file = write("wrong.ini", "[process:web]\nnumproceses = 2\n[proces:db]\n[process:9]\ncmd = true\n");
  for (const options of [["--check"], []]) {
    const { status, out, err } = await run(...options, file);
    expect({ status, out }).toEqual({ status: 2, out: "" });
    expect(err).toContain(`${file}:2: [process:web] numproceses: unknown key; did you mean \`numprocesses\`?\n`);
    expect(err).toMatch(/:3: \[proces:db\].*did you mean `process`/);
    expect(err).toMatch(/\ngafferd: cannot use this configuration: \d errors, nothing was started\n$/);
  }
});

test("-c and the argument may name the same file with different spellings", async () => {
  const file = write("same.ini", "[process:web]\ncmd = true\n");
  expect(await run("--check", "-c", file, relative(process.cwd(), file))).toMatchObject({ status: 0, err: "" });
  const other = write("other.ini", "");
  expect(await run("--check", "-c", file, other)).toMatchObject({ status: 2, out: "" });
});

test("a missing file is an error, status 2", async () => {
  const { status, err } = await run("--check", join(folder, "none.ini"));
  expect(status).toBe(2);
  expect(err).toMatch(/none\.ini: cannot read the configuration: no such file or directory/);
});

test("it is not an error if the reader of the output goes away", async () => {
  const command = `"${main}" --help | true; "${main}" --nope 2>&1 | true; exec 1>&- 2>&-; "${main}" --help`;
  const shell = Bun.spawn({ cmd: ["sh", "-c", command], stderr: "pipe" });
  expect(await shell.stderr.text()).toBe("");
  expect(await shell.exited).toBe(0);
});

async function run(...argv: string[]): Promise<{ status: number; out: string; err: string }> {
  const child = Bun.spawn({ cmd: [main, ...argv], stdout: "pipe", stderr: "pipe" });
  const [out, err, status] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { status, out, err };
}

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}
