import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { GafferdError } from "../../src/errors.ts";
import { tryRead } from "../../src/process/proc-file.ts";

test("a file that does not exist is undefined", () => {
  expect(tryRead(() => readFileSync("/proc/4000000/stat"))).toBeUndefined();
  expect(tryRead(() => readFileSync("/proc/self/stat", "latin1"))).toStartWith(`${process.pid} (`);
});

test.each(["EMFILE", "ENFILE"])("it throws `overloaded` without a free descriptor (%s)", (code) => {
  const read = () => {
    throw Object.assign(new Error("too many open files"), { code });
  };
  const failure = () => tryRead(read);
  expect(failure).toThrow(GafferdError);
  expect(failure).toThrow("no free file descriptors; try again");
});
