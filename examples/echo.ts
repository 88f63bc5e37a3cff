#!/usr/bin/env bun
// Writes to stdout what comes on stdin, as it comes, and ends when stdin does.
import { stdin, stdout, write } from "bun";

for await (const bytes of stdin.stream()) await write(stdout, bytes);
