import { expect, test } from "bun:test";
import type { TailItem } from "gafferd/client";
import { ItemFormatter } from "../../../plugins/dashboard/src/output/format-items.ts";

const output = (pid: number, text: string, label = "out"): TailItem => ({
  type: "output",
  pid,
  label,
  text,
  time: "2026-01-31T12:00:00.000Z",
  id: "x",
});
const gap = (bytes: number | null): TailItem => ({ type: "gap", bytes, from: null, to: null, id: "x" });
const exit = (pid: number): TailItem => ({ type: "exit", pid, exit_status: 3, term_signal: null, id: "x" });

function weave(isPrefixed: boolean, ...items: TailItem[]): string {
  const formatter = new ItemFormatter(isPrefixed);
  const text = items.map((item) => formatter.next(item)).join("");
  return Bun.stripANSI(text);
}

test("the output of one process is unchanged, including colours and incomplete lines", () => {
  const formatter = new ItemFormatter(false);
  const text = "\x1b[31mred\r50 %\x1b[0m";
  expect(formatter.next(output(1, text)) + formatter.next(output(1, "\n> "))).toBe(`${text}\n> `);
});

test("each line begins with the process if there are several", () => {
  expect(weave(true, output(1, "a\nb\n"), output(2, "c\n", "err"))).toBe("1 out│ a\n1 out│ b\n2 err│ c\n");
});

test("a line in several pieces is one line, unless another line comes between them", () => {
  expect(weave(true, output(1, "a"), output(1, "b\n"))).toBe("1 out│ ab\n");
  expect(weave(true, output(1, "a"), output(2, "b\n"), output(1, "c\n"))).toBe("1 out│ a\n2 out│ b\n1 out│ c\n");
});

test("items other than output have their own lines", () => {
  const spawn: TailItem = { type: "spawn", pid: 2, os_pid: 77, id: "x" };
  expect(weave(false, output(1, "a"), gap(2048), output(1, "b\n"), gap(null), exit(1), spawn)).toBe(
    "a\n 2.0 KB lost \nb\n some output lost \n── 1 exited: status 3 ──\n── 2 started, os pid 77 ──\n",
  );
});
