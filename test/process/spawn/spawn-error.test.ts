import { expect, test } from "bun:test";
import { GafferdError } from "../../../src/errors.ts";
import { toSpawnError } from "../../../src/process/spawn/spawn-error.ts";

const attempt = { program: "tool", path: "/usr/bin/tool" };

function failure(code: string): Error {
  return Object.assign(new Error(`${code}: it failed`), { code });
}

test.each([
  [
    "EAGAIN",
    true,
    "too many processes are running; raise the limit (`ulimit -u`, or the cgroup's), of which gafferd keeps the last few for itself",
  ],
  ["EMFILE", true, "too many files are open; raise the limit (`ulimit -n`)"],
  ["ENFILE", true, "too many files are open; raise the limit (`ulimit -n`)"],
  ["ENOMEM", true, "not enough memory"],
  ["ETXTBSY", true, "/usr/bin/tool is being written to"],
  ["EACCES", false, "/usr/bin/tool is not executable (permission denied)"],
  ["EPERM", false, "permission denied (only root can run a process as another user)"],
  ["ENOENT", false, "a file that it needs to start does not exist"],
  ["EODD", false, "EODD: it failed"],
])("%s says whether to try again, and why it failed", (code, transient, reason) => {
  const cause = failure(code);
  const error = toSpawnError(cause, attempt);
  expect(error.code).toBe("spawn_failed");
  expect(error.message).toBe(`cannot start \`tool\`: ${reason}`);
  expect(error.details).toEqual({ transient });
  expect(error.cause).toBe(cause);
});

test("an error of another room keeps its message and gets `details.transient`", () => {
  const error = new GafferdError("spawn_failed", "cannot read the env file x", {
    field: "f",
    cause: failure("EMFILE"),
  });
  const converted = toSpawnError(error, attempt);
  expect([converted.message, converted.field, converted.details]).toEqual([
    "cannot read the env file x",
    "f",
    { transient: true },
  ]);
});

test("an error with another code is not changed", () => {
  const error = new GafferdError("bad_value", "no");
  expect(toSpawnError(error, attempt)).toBe(error);
});
