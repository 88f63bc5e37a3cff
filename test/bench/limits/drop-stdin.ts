/** Reads stdin, a pipe, to its end and does nothing with it: blocking reads into one buffer, the fastest that Bun has. */
import { readSync } from "node:fs";

const buffer = new Uint8Array(65_536);
process.stdout.write("started\n");
while (readSync(0, buffer) > 0);
process.stdout.write("ended\n");
