import { openLogFile } from "../../../src/cli/log/log-file.ts";
import { stdout } from "../../../src/log/outlet.ts";

// The program of a test: writes numbered lines into a log file that is rotated at 2,000 bytes.
const file = openLogFile(process.argv[2] ?? "", { maxBytes: 2000, keep: 2 });
for (let number = 0; number < 1000; number++) {
  stdout.write(`line ${number}\n`);
  await stdout.flushed();
}
file.close();
