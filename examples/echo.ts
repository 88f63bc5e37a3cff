#!/usr/bin/env bun
// Copies stdin to stdout as it arrives, and exits at the end of stdin.
import { stdin, stdout, write } from "bun";

for await (const bytes of stdin.stream()) await write(stdout, bytes);
