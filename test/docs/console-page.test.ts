import { expect, test } from "bun:test";
import { readConsolePage } from "./console-page.ts";

const fence = "```";

test("a block whose first line is a comment with a file name is a file", () => {
  const page = `${fence}ini\n; conf.d/a.ini\n[process:web]\n${fence}\n\n${fence}ts\n// ~/.gafferd/x.ts\nrun();\n${fence}\n`;
  expect(readConsolePage(page)).toEqual([
    { kind: "file", path: "conf.d/a.ini", text: "; conf.d/a.ini\n[process:web]\n" },
    { kind: "file", path: "~/.gafferd/x.ts", text: "// ~/.gafferd/x.ts\nrun();\n" },
  ]);
});

test("a block that begins otherwise, or with a path from the root, is only shown", () => {
  const page = `${fence}ini\n[process:web]\n${fence}\n${fence}ini\n# /etc/x.service\n${fence}\n${fence}\n; two words\n${fence}\n`;
  expect(readConsolePage(page)).toEqual([]);
});

test("a command has the output below it, up to the next one", () => {
  const page = `text\n\n${fence}console\n$ echo a\na\n$ true\n$ printf 'b\n> c'\nb\nc\n${fence}\n`;
  expect(readConsolePage(page)).toEqual([
    { kind: "command", command: "echo a", output: "a\n", end: "exit", line: 4 },
    { kind: "command", command: "true", output: "", end: "exit", line: 6 },
    { kind: "command", command: "printf 'b\nc'", output: "b\nc\n", end: "exit", line: 7 },
  ]);
});

test("^C ends a command, and a last line of … lets it run on", () => {
  const page = `${fence}console\n$ yes\ny\n^C\n$ gafferd\n… listens on …\n…\n${fence}\n`;
  expect(readConsolePage(page)).toMatchObject([
    { command: "yes", output: "y\n", end: "interrupt" },
    { command: "gafferd", output: "… listens on …\n…\n", end: "go-on" },
  ]);
});

test("a block that begins with output is an error with its line", () => {
  expect(() => readConsolePage(`${fence}console\necho a\n${fence}\n`)).toThrow("line 2");
});
