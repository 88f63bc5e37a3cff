/** `COUNT`: on a line on stdin, spawns COUNT `sleep`s with two pipes each, one by one. Kills them at the end of stdin. */
import { spawn, type Subprocess } from "bun";

const count = Number(process.argv[2]);
const spawned: Subprocess[] = [];

process.stdout.write("started\n");
for await (const _ of Bun.stdin.stream()) {
  while (spawned.length < count) {
    spawned.push(spawn({ cmd: ["sleep", "1000"], stdin: "ignore", stdout: "pipe", stderr: "pipe" }));
  }
  process.stdout.write("ended\n");
}
for (const child of spawned) child.kill();
