import { describe, expect, test } from "bun:test";
import { readConsolePage, type ShownCommand } from "./console-page.ts";
import { isShownOutput, mask } from "./mask.ts";
import { notRun } from "./not-run.ts";
import { allPages } from "./page.ts";
import { startsGafferd, Terminal } from "./terminal.ts";

/** Every page has a gafferd, some wait for its streams. */
const pageTimeoutMs = 120_000;

const isNotRun = (page: string, { command }: ShownCommand): boolean =>
  notRun.some((each) => each.page === page && each.command === command);

const commandsOf = (page: string): ShownCommand[] => readConsolePage(page).filter((item) => item.kind === "command");

const pages = allPages.filter((page) => commandsOf(page).some((command) => !isNotRun(page, command)));

test.concurrent.each(pages)(
  "the commands of %s print what the page shows",
  async (page) => {
    const terminal = await Terminal.open();
    try {
      // A page that starts no gafferd is about one that runs.
      if (!commandsOf(page).some((item) => !isNotRun(page, item) && startsGafferd(item.command))) {
        await terminal.run({ command: "gafferd", output: "… listens on …\n…\n", end: "go-on" });
      }
      for (const item of readConsolePage(page)) {
        if (item.kind === "file") terminal.write(item);
        else if (!isNotRun(page, item)) compare(page, item, await terminal.run(item));
      }
    } finally {
      await terminal.close();
    }
  },
  pageTimeoutMs,
);

test("every command that is not run is on its page", () => {
  const gone = notRun.filter(({ page, command }) => !commandsOf(page).some((item) => item.command === command));
  expect(gone).toEqual([]);
});

function compare(page: string, { command, output, end, line }: ShownCommand, actual: string): void {
  if (isShownOutput(actual, output, { whole: end === "exit" })) return;
  const where = `${page}:${line}\n$ ${command}\n`;
  expect(where + mask(actual)).toBe(where + mask(output));
}

const is = (actual: string, shown: string, whole = true): boolean => isShownOutput(actual, shown, { whole });

describe("the comparison of outputs", () => {
  test("takes the same text, and no other", () => {
    expect(is("a\nb\n", "a\nb\n")).toBe(true);
    expect(is("a\nb\n", "a\n")).toBe(false);
    expect(is("a\n", "a\nb\n")).toBe(false);
    expect(is("axb\n", "a.b\n")).toBe(false);
  });

  test("… is any text within a line, a line of it any lines", () => {
    expect(is('{"a":1,"b":2}\n', '{"a":1,…}\n')).toBe(true);
    expect(is("a\nb\nc\nd\n", "a\n…\nd\n")).toBe(true);
    expect(is("a\nd\n", "a\n…\nd\n")).toBe(true);
    expect(is("a\nb\nc\n", "a…c\n")).toBe(false);
  });

  test("a command that is interrupted may print more", () => {
    expect(is("a\nb\n", "a\n", false)).toBe(true);
    expect(is("b\na\n", "a\n", false)).toBe(false);
  });

  test("times, the kernel's numbers, ids and versions are masked", () => {
    expect(is('{"os_pid":12}\nid: r1-1\n', '{"os_pid":345}\nid: r2-9\n')).toBe(true);
    expect(is("2026-01-31T12:00:00.000Z web\n", "2031-05-06T01:02:03Z web\n")).toBe(true);
    expect(is("gafferd 0.1.0 listens\n", "gafferd 9.2.31 listens\n")).toBe(true);
  });
});
