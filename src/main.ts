#!/usr/bin/env bun
import { refuseBun } from "./cli/bun-version.ts";
import { exitStatus } from "./cli/exit-status.ts";
import { keepThreadsSteady } from "./cli/steady-threads.ts";

// Before the other imports, so that an older Bun says what is wrong with it and not what it made of them.
const refusal = refuseBun(globalThis.Bun?.version);
if (refusal !== undefined) {
  console.error(refusal);
  process.exit(exitStatus.bunTooOld);
}

// Before the other imports, because the program may start again.
if (runsDaemon(process.argv.slice(2))) keepThreadsSteady();

const { runGafferd } = await import("./cli/gafferd.ts");
process.exit(await runGafferd(process.argv.slice(2)));

/** Whether these words start a daemon in this process, as far as can be seen without reading them all. */
function runsDaemon(words: readonly string[]): boolean {
  const brief = ["-h", "--help", "--version", "--check", "--daemon"];
  return words[0] !== "plugin" && !words.some((word) => brief.includes(word));
}
