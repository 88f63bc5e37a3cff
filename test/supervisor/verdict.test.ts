import { expect, test } from "bun:test";
import { noExits } from "../../src/supervisor/flapping.ts";
import { decideExit } from "../../src/supervisor/verdict.ts";
import { sampleTemplate } from "../process/sample-template.ts";

test.each([
  ["always", { exitCode: 0 }, "respawn"],
  ["always", { exitCode: 1 }, "respawn"],
  ["always", { signal: "SIGKILL" }, "respawn"],
  ["on-failure", { exitCode: 0 }, "ended"],
  ["on-failure", { exitCode: 1 }, "respawn"],
  ["on-failure", { signal: "SIGTERM" }, "respawn"],
  ["never", { exitCode: 1 }, "ended"],
  ["never", { signal: "SIGSEGV" }, "ended"],
] as const)("restart = %s after %o: %s", (restart, status, expected) => {
  const template = sampleTemplate({ restart });
  expect(decideExit(template, { status, exitedAtMs: 1 }, noExits).kind).toBe(expected);
});

test("nothing follows a detached process", () => {
  const template = sampleTemplate({ detach: true, restart: "always" });
  expect(decideExit(template, { status: { exitCode: 1 }, exitedAtMs: 1 }, noExits).kind).toBe("ended");
});

test("exits that the restart policy does not follow do not count as flapping", () => {
  const flapping = { attempts: 1, windowMs: 1000, retryInMs: 1, maxRetries: 0 };
  const template = sampleTemplate({ flapping, restart: "on-failure" });
  expect(decideExit(template, { status: { exitCode: 0 }, exitedAtMs: 1 }, noExits).kind).toBe("ended");
  expect(decideExit(template, { status: { exitCode: 1 }, exitedAtMs: 1 }, noExits).kind).toBe("give-up");
});
