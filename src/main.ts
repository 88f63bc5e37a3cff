#!/usr/bin/env bun
import { refuseBun } from "./cli/bun-version.ts";
import { exitStatus } from "./cli/exit-status.ts";
import { keepThreadsSteady } from "./cli/steady-threads.ts";

// Before the other imports: an older Bun must report its version, not errors in files that it cannot load.
const refusal = refuseBun(globalThis.Bun?.version);
if (refusal !== undefined) {
  console.error(refusal);
  process.exit(exitStatus.bunTooOld);
}

// Before the other imports, because this may start the program again.
if (runsDaemon(process.argv.slice(2))) keepThreadsSteady();

const { runGafferd } = await import("./cli/gafferd.ts");
process.exit(await runGafferd(process.argv.slice(2)));

/** Whether these arguments start a daemon in this process. Checks only a few options and does not parse the rest. */
function runsDaemon(words: readonly string[]): boolean {
  const brief = ["-h", "--help", "--version", "--check", "--daemon"];
  return !["plugin", "export", "mcp"].includes(words[0] ?? "") && !words.some((word) => brief.includes(word));
}
