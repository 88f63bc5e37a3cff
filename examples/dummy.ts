#!/usr/bin/env bun
// Prints a line to stdout every second, and one to stderr every five seconds. Prints "goodbye" on SIGTERM.

let count = 0;

process.on("SIGTERM", () => {
  console.log("goodbye");
  process.exit(0);
});

setInterval(() => {
  count += 1;
  console.log(`hello ${count}`);
  if (count % 5 === 0) console.error(`hello ${count} from stderr`);
}, 1000);
