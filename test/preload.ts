import { afterAll, setDefaultTimeout } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { waitFor } from "./wait-for.ts";

// `npm test` starts Bun from node_modules/.bin; the programs that tests start look for it on the PATH.
process.env["PATH"] = join(import.meta.dir, "../node_modules/.bin") + delimiter + (process.env["PATH"] ?? "");

// What gafferd keeps by default is below the home folder: that of a test file is its own, and gone with it.
const home = mkdtempSync(join(tmpdir(), "gafferd-home-"));
process.env["HOME"] = home;
afterAll(() => rmSync(home, { recursive: true, force: true }));

// Real processes on a busy machine: what takes so long is stuck.
setDefaultTimeout(20_000);

// Bun fails a test that leaves a rejection while tests run. One that comes after the last test of a file is heard only
// if the file does not end at once.
const lateErrorsMs = 20;

afterAll(async () => {
  await Bun.sleep(lateErrorsMs);
  let left: string[] = [];
  await waitFor(
    () => (left = liveChildren()).length === 0,
    "the end of all processes that this file started",
    2000,
  ).catch((cause: unknown) => {
    throw new Error(`this test file leaves processes behind: ${left.join(", ")}`, { cause });
  });
});

/** `cat (4711)`: this process's children that are no zombies. */
function liveChildren(): string[] {
  return readdirSync("/proc/self/task")
    .flatMap((task) => readIfPresent(`/proc/self/task/${task}/children`).split(" "))
    .filter((osPid) => osPid !== "" && !/^State:\s+[ZX]/m.test(readIfPresent(`/proc/${osPid}/status`) || "State: X"))
    .map((osPid) => `${readIfPresent(`/proc/${osPid}/comm`).trim()} (${osPid})`);
}

/** A thread or a process may end while it is looked at. */
function readIfPresent(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
}
