import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEventStream } from "./event-stream.ts";
import { startGafferd } from "../cli/running.ts";

const folder = mkdtempSync(join(tmpdir(), "journal-cuts-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** `JOURNAL_CUTS=500 bun test test/journal/cuts.test.ts` for a long run. */
const cuts = Number(process.env["JOURNAL_CUTS"] ?? 24);

const config = join(folder, "gaffer.ini");
writeFileSync(
  config,
  `[gaffer]
state_dir = ${join(folder, "state")}
[process:web]
cmd = sh ${join(folder, "talk.sh")}
output_buffer = 16k
output_keep = 64m
graceful_timeout = 100ms
`,
);
// Every line names its process and has a number. A process ends now and then, in the middle of a line.
writeFileSync(
  join(folder, "talk.sh"),
  `n=0; me=$(date +%N)-$$
while [ $n -lt 4000 ]; do
  n=$((n+1)); echo "$me out $n"; echo "$me err $n" >&2
  [ $((n % 50)) = 0 ] && sleep 0.02
done
printf "$me out end"
`,
);

test(
  `a reader that is cut and resumed ${cuts} times, over three restarts of gafferd, two by kill -9, gets every kept byte once`,
  async () => {
    /** By boot, process and label. */
    const texts = new Map<string, string>();
    let [gapBytes, unknownGaps] = [0, 0];
    let lastId: string | undefined;
    const restarts: readonly NodeJS.Signals[] = ["SIGKILL", "SIGTERM", "SIGKILL"];
    for (const [life, signal] of [...restarts, undefined].entries()) {
      await using gafferd = await startGafferd([config]);
      for (let cut = 0; cut < cuts / 4; cut++) {
        const isLast = signal === undefined && cut + 1 >= cuts / 4;
        const url = `${gafferd.url}/streams/web?feed=eventsource&format=json${isLast ? "&follow=false" : ""}`;
        const closing = new AbortController();
        const response = await fetch(url, {
          signal: closing.signal,
          ...(lastId !== undefined && { headers: { "last-event-id": lastId } }),
        });
        expect(response.status).toBe(200);
        let left = isLast ? Infinity : 1 + Math.floor(Math.random() * 30);
        try {
          for await (const { event, data, id } of parseEventStream(response.body!)) {
            if (id !== undefined) lastId = id;
            if (event === "gap") {
              const { bytes } = JSON.parse(data) as { bytes: number | null };
              if (bytes === null) unknownGaps += 1;
              else gapBytes += bytes;
              // What follows a gap is not the rest of the line before it.
              for (const [output, text] of texts) texts.set(output, `${text}\n`);
            } else if (event === "stdout" || event === "stderr") {
              const piece = JSON.parse(data) as { pid: number; data: string };
              const output = `${id?.split("_")[0]} ${piece.pid} ${event}`;
              texts.set(output, (texts.get(output) ?? "") + piece.data);
            }
            if (event !== undefined && --left <= 0) break;
          }
        } finally {
          closing.abort();
        }
        // Long enough for the buffers to drop what the reader has not read, at times.
        await Bun.sleep(Math.random() < 0.5 ? 0 : Math.random() * 80);
      }
      if (signal !== undefined) {
        gafferd.kill(signal);
        await gafferd.exited;
      }
      expect(gafferd.err()).not.toContain("error");
      if (life === 0) expect(texts.size).toBeGreaterThan(0);
    }
    const lines = texts.values().flatMap((text) => text.split("\n"));
    const outputs = Map.groupBy(
      lines.filter((line) => /^\d+-\d+ (out|err) \d+$/.test(line)),
      (line) => line.replace(/ \d+$/, ""),
    );
    expect(outputs.size).toBeGreaterThan(6);
    let missing = 0;
    for (const [output, own] of outputs) {
      const numbers = own.map((line) => Number(line.split(" ")[2]));
      const ascending = [...new Set(numbers)].toSorted((a, b) => a - b);
      expect(numbers, `the numbers of ${output} ascend, and none comes twice`).toEqual(ascending);
      for (let at = 0, expected = 1; at < numbers.length; expected++) {
        if (numbers[at] === expected) at += 1;
        else missing += `${output} ${expected}\n`.length;
      }
    }
    // A gap can begin and end within a line, which then is missing as a whole.
    expect(missing).toBeLessThanOrEqual(gapBytes * 2);
    expect(unknownGaps).toBe(2);
  },
  60_000 + cuts * 1000,
);
