import { expect, test } from "bun:test";
import { readConsolePage, type ShownCommand } from "./console-page.ts";
import { isShownOutput, mask } from "./mask.ts";
import { notRun } from "./not-run.ts";
import { allPages, readPage } from "./page.ts";
import { startsGafferd, Terminal } from "./terminal.ts";

/** Every page has a gafferd, some wait for its streams. */
const pageTimeoutMs = 120_000;

const isNotRun = (page: string, { command }: ShownCommand): boolean =>
  notRun.some((each) => each.page === page && each.command === command);

const commandsOf = (page: string): ShownCommand[] =>
  readConsolePage(readPage(page)).filter((item) => item.kind === "command");

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
      for (const item of readConsolePage(readPage(page))) {
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
