import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { messageOf, reasonOf } from "../src/reason.ts";

function failure(path: string): unknown {
  try {
    return readFileSync(path);
  } catch (error) {
    return error;
  }
}

test("common errors of the file system have a short reason", () => {
  expect(reasonOf(failure("/no/such/file"))).toBe("no such file or directory");
  expect(reasonOf(failure("/"))).toBe("it is a directory");
  expect(reasonOf(failure("/dev/null/x"))).toBe("part of the path is not a directory");
  expect(reasonOf(failure(`/${"x".repeat(300)}`))).toBe("the file name is too long");
});

test("any other value has its message", () => {
  expect(reasonOf(new Error("disk on fire"))).toBe("disk on fire");
  expect(reasonOf(undefined)).toBe("undefined");
  expect(messageOf("text")).toBe("text");
});
