#!/usr/bin/env bun
import { refuseBun } from "./cli/bun-version.ts";
import { exitStatus } from "./cli/exit-status.ts";

// Before the other imports, so that an older Bun says what is wrong with it and not what it made of them.
const refusal = refuseBun(globalThis.Bun?.version);
if (refusal !== undefined) {
  console.error(refusal);
  process.exit(exitStatus.bunTooOld);
}

const { runGafferd } = await import("./cli/gafferd.ts");
process.exit(await runGafferd(process.argv.slice(2)));
