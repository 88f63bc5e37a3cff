import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { osPids } from "../../../src/process/proc-stat.ts";
import { createClient } from "../../../src/client/client.ts";
import { hasCgroups, withoutCgroups } from "../cgroups.ts";
import { type Hosted, startHosted } from "../hosted.ts";

/** `GAFFERD_STOP_ROUNDS=2000` is a longer run. */
const rounds = Number(process.env["GAFFERD_STOP_ROUNDS"] ?? 24);
/** As many templates are deleted at the same time. */
const atOnce = 6;
/** Longer than the longest pause in a program. */
const settleMs = 60;

/** What a program does, one step after the other. */
const step = fc.oneof(
  fc.constantFrom("setsid;", "exit 0 if fork();", "fork();", "exit 0 if fork(); setsid(); exit 0 if fork();"),
  fc.constantFrom("TERM", "INT", "HUP").map((signal) => `$SIG{${signal}}="IGNORE";`),
  fc.integer({ min: 0, max: 30 }).map((ms) => `select(undef,undef,undef,${ms / 1000});`),
);
/** A chain of sessions: each process leaves a child that starts a session of its own, and exits. */
const chain = fc
  .integer({ min: 1, max: 8 })
  .map((ms) => `for(1..12){exit 0 if fork();setsid();select(undef,undef,undef,${ms / 1000})}`);
/** A new program with a cleared environment, which only a cgroup can attribute while gafferd runs. */
const clears = fc.constant("%ENV");

const templateOf = (steps: readonly string[], word: string) => {
  const code = (from: number): string => {
    const at = steps.findIndex((each, index) => index >= from && each.startsWith("%ENV"));
    const end = "select(undef,undef,undef,600);";
    const head = "use POSIX qw(setsid);$word=$ARGV[0];";
    if (at === -1) return head + steps.slice(from).join("") + end;
    return `${head}${steps.slice(from, at).join("")}%ENV=();exec $^X,"-e",pack("H*","${Buffer.from(code(at + 1)).toString("hex")}"),$word;`;
  };
  return { cmd: "perl", args: ["-e", code(0), word] };
};

describe.each([
  ["with cgroups", {}, hasCgroups, fc.oneof({ arbitrary: step, weight: 6 }, chain, clears)],
  ["without cgroups", withoutCgroups, true, fc.oneof({ arbitrary: step, weight: 6 }, chain)],
])("%s", (_, env, isPossible, anyStep) => {
  test.skipIf(!isPossible)(
    `no process survives a deletion, whatever it does (${rounds} random programs)`,
    async () => {
      await using hosted = await startHosted({ env });
      const programs = fc.sample(fc.array(anyStep, { maxLength: 6 }), { numRuns: rounds, seed: Date.now() % 2 ** 31 });
      for (let first = 0; first < rounds; first += atOnce) {
        await tryPrograms(hosted, programs.slice(first, first + atOnce), first);
      }
    },
    10_000 + rounds * 500,
  );
});

async function tryPrograms(hosted: Hosted, programs: readonly (readonly string[])[], first: number): Promise<void> {
  const client = createClient(hosted.gafferd.url);
  // Unique in the command lines of this machine.
  const words = programs.map((_, index) => `survivor-${process.pid}-${hosted.gafferd.osPid}-${first + index}.`);
  await Promise.all(
    programs.map(async (steps, index) => {
      const name = `p${first + index}`;
      await client.create({
        ...templateOf(steps, words[index] ?? ""),
        name,
        restart: "never",
        graceful_timeout: (first % 3) / 20,
      });
      await Bun.sleep((7 * (first + index)) % 60);
      await hosted.ask("DELETE", `/processes/${name}`);
    }),
  );
  await Bun.sleep(settleMs);
  const lines = osPids().map(commandLineOf);
  const survivors = programs.filter((_, index) => lines.some((line) => line.includes(words[index] ?? "")));
  expect(survivors).toEqual([]);
}

function commandLineOf(osPid: string): string {
  try {
    return readFileSync(`/proc/${osPid}/cmdline`, "latin1");
  } catch {
    return "";
  }
}
