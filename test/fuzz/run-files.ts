import fc from "fast-check";
import { formatEntry, formatHeader, parseHostRun } from "../../src/survival/run-format.ts";
import { inTime, pureTarget } from "./target.ts";
import { damaged, oddText } from "./text.ts";

const header = fc
  .record({ configFile: fc.constantFrom("", "/etc/gaffer.ini", "/srv/a b%/é.ini") })
  .map(({ configFile }) =>
    formatHeader({
      pidScope: { boot: "9b1c", namespace: "pid:[4026531836]" },
      osPid: 4711,
      startTicks: 8_812_345,
      endMarkers: "9f3c21aa07de-end.",
      configFile,
    }),
  );
const entry = fc.record({ name: fc.constantFrom("web", "g:web", "é"), gracefulTimeoutMs: fc.nat() }).map((varied) =>
  formatEntry({
    osPid: 4712,
    startTicks: 8_812_399,
    killMode: "mixed",
    stopSignalNumber: 15,
    onHostExit: "kill",
    marker: "9f3c21aa07de-end.1",
    ...varied,
  }),
);
const line = fc.oneof(
  entry,
  fc.constantFrom("- 4713 9f3c21aa07de-end.1 sleep\n", "+\n", "- \n", "\n", "%zz\n"),
  oddText.map((text) => `${text}\n`),
);
const file = damaged(
  fc
    .tuple(fc.oneof({ weight: 9, arbitrary: header }, oddText), fc.array(line, { maxLength: 8 }))
    .map(([first, lines]) => Buffer.from(first + lines.join(""))),
  fc.oneof(
    fc.uint8Array({ maxLength: 4 }),
    fc.constantFrom("%zz", " ", "-1", "1e9", "\n").map((text) => new Uint8Array(Buffer.from(text))),
  ),
);

/**
 * A run file is read or is none, however it is damaged. Whatever it names may get a signal: a number in it must be one
 * that the kernel gives out, for a process or a signal.
 */
export const runFiles = pureTarget(
  "run-files",
  3000,
  fc.property(file, (bytes) => {
    const run = inTime(() => parseHostRun(bytes.toString()));
    for (const { osPid, startTicks } of run === undefined ? [] : [run.header, ...run.entries]) {
      assertWhole(osPid, 1, "pid");
      assertWhole(startTicks, 0, "start time");
    }
    for (const { stopSignalNumber, gracefulTimeoutMs, marker, name } of run?.entries ?? []) {
      assertWhole(stopSignalNumber, 1, "signal");
      if (stopSignalNumber > 64) throw new Error(`signal ${stopSignalNumber}`);
      assertWhole(gracefulTimeoutMs, 0, "timeout");
      if (marker === "" || name === "") throw new Error("an entry without marker or name");
    }
    for (const { osPid } of run?.stopped ?? []) assertWhole(osPid, 1, "pid");
  }),
);

function assertWhole(value: number, min: number, what: string): void {
  if (!Number.isSafeInteger(value) || value < min) throw new Error(`the ${what} ${value} was read`);
}
