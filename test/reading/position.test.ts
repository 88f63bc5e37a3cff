import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { maxIdLength, formatStreamId, parseStreamId } from "../../src/http/feed/stream-id.ts";
import type { OutputUnit } from "../../src/output/output-range.ts";
import { type OutputItem, OutputReader } from "../../src/reading/output-reader.ts";
import { startingPoint, type OutputStart } from "../../src/reading/output-start.ts";
import { formatPlace, maxAheadLength } from "../../src/reading/stream-position.ts";
import { createFleet, type Fleet } from "./fleet.ts";

type Action =
  | { readonly kind: "write"; readonly at: number; readonly label: number; readonly text: string }
  | { readonly kind: "spawn" }
  | { readonly kind: "exit"; readonly at: number }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "read"; readonly items: number; readonly maxBytes: number; readonly unread: number }
  | { readonly kind: "leave"; readonly unit: OutputUnit }
  | { readonly kind: "join"; readonly start: OutputStart };

const pieces = ["a", "line\n", "two\nlines\n", "10%\r", "20%\r\n", "\n", "\r", "é", "🦉 owl", "no end", "x".repeat(40)];
const write = fc.record({
  kind: fc.constant("write" as const),
  at: fc.nat(30),
  label: fc.nat(1),
  text: fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 4 }).map((parts) => parts.join("")),
});
const read = fc.record({
  kind: fc.constant("read" as const),
  items: fc.integer({ min: 1, max: 12 }),
  maxBytes: fc.constantFrom(8, 64, 65_536),
  unread: fc.nat(7),
});
const others = fc.oneof(
  fc.record({ kind: fc.constant("spawn" as const) }),
  fc.record({ kind: fc.constant("exit" as const), at: fc.nat(30) }),
  fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(1, 30, 99, 100, 250) }),
);
const units = fc.constantFrom<OutputUnit>("lines", "lines", "bytes");
const leave = fc.record({ kind: fc.constant("leave" as const), unit: units });
const starts = fc.oneof(
  fc.record({ kind: fc.constant("tail" as const), lines: fc.nat(5) }),
  fc.record({ kind: fc.constant("since" as const), steadyMs: fc.integer({ min: 1_000_000, max: 1_002_000 }) }),
);
const join = fc.record({ kind: fc.constant("join" as const), start: starts });
const actions = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: write },
    { weight: 3, arbitrary: read },
    { weight: 2, arbitrary: others },
    leave,
    join,
  ),
  { minLength: 1, maxLength: 120, size: "max" },
);

/** How far a client has read one output, and how many bytes it has lost. */
interface Got {
  next: number;
  lost: number;
}

/** A client that disconnects and resumes with only the last id. */
class Client {
  readonly got = new Map<string, Got>();
  /** Lost bytes in gaps that name no output. */
  lostAnywhere = 0;
  /** Everything received, in order. */
  readonly items: string[] = [];
  readonly #fleet: Fleet;
  #unit: OutputUnit;
  readonly #label: string | undefined;
  #reader: OutputReader;
  id: string;

  constructor(
    fleet: Fleet,
    { unit, label, start }: { unit: OutputUnit; label: string | undefined; start: OutputStart },
  ) {
    this.#fleet = fleet;
    this.#unit = unit;
    this.#label = label;
    const { places } = startingPoint(fleet.source, start, label);
    for (const { id, rings } of fleet.processes) {
      for (const [each, ring] of rings) this.got.set(`${id} ${each}`, { next: places.get(ring) ?? ring.head, lost: 0 });
    }
    this.#reader = this.#open(start);
    this.id = this.#newestId();
  }

  leave(unit = this.#unit): void {
    this.#reader.close();
    this.#unit = unit;
    this.#reader = this.#open(parseStreamId(this.id));
  }

  close(): void {
    this.#reader.close();
  }

  get lostBytes(): number {
    return this.got.values().reduce((sum, { lost }) => sum + lost, this.lostAnywhere);
  }

  read(options: { items: number; maxBytes: number; unread: number; nowMs: number }): boolean {
    for (let count = 0; count < options.items; count++) {
      const item = this.#reader.next(options.maxBytes, options.nowMs);
      if (item === undefined) return false;
      this.#take(item, count % 3 === 0 ? options.unread : 0);
      this.id = this.#newestId();
    }
    return true;
  }

  #take(item: OutputItem, unread: number): void {
    if (item.kind === "spawn" || item.kind === "exit") return void this.items.push(`${item.kind} ${item.process.id}`);
    if (item.kind === "gap") {
      if (item.processId === undefined || item.from === undefined) {
        this.lostAnywhere += (item.bytes ?? 0) + (item.to ?? 0) - (item.from ?? 0);
        return;
      }
      const got = this.#gotOf(item.processId, item.label ?? "", item.from);
      got.lost += item.to! - item.from;
      got.next = item.to!;
      return;
    }
    const got = this.#gotOf(item.process.id, item.label, item.from);
    let to = item.to;
    if (unread > 0 && to - item.from > unread) {
      to -= unread;
      this.#reader.unread(to);
    }
    got.next = to;
    this.items.push(`${item.process.id} ${item.label} ${item.from}-${to}`);
  }

  /** The state of an output that continues at `from`. Fails if bytes are received twice, and counts skipped bytes. */
  #gotOf(processId: number, label: string, from: number): Got {
    const key = `${processId} ${label}`;
    let got = this.got.get(key);
    if (got === undefined) this.got.set(key, (got = { next: 0, lost: 0 }));
    if (from < got.next) throw new Error(`bytes of ${key} came twice: from ${from}, after ${got.next}`);
    if (from > got.next) this.skipped += from - got.next;
    got.next = from;
    return got;
  }

  /** Bytes skipped without a gap for their output. Gaps that name no output must account for them. */
  skipped = 0;

  #open(start: OutputStart): OutputReader {
    const label = this.#label === undefined ? {} : { label: this.#label };
    return new OutputReader(this.#fleet.source, { start, unit: this.#unit, onReady: () => {}, ...label });
  }

  #newestId(): string {
    const id = formatStreamId(this.#reader.position());
    expect(id.length).toBeLessThanOrEqual(maxIdLength);
    expect(parseStreamId(id)).toMatchObject({ kind: "resume" });
    return id;
  }
}

interface Scene {
  readonly unit: OutputUnit;
  readonly label: string | undefined;
  readonly capacity: number;
  readonly keptExits: number;
  readonly processes: number;
  readonly steps: readonly Action[];
}

const scenes = fc.record({
  unit: units,
  label: fc.constantFrom(undefined, undefined, "out"),
  capacity: fc.constantFrom(64, 4096),
  keptExits: fc.constantFrom(2, 10),
  processes: fc.integer({ min: 1, max: 30 }),
  steps: actions,
});

/** Runs a scene with a client that stays connected, and one that disconnects and resumes at every `leave`. */
function play({ unit, label, capacity, keptExits, processes, steps }: Scene): void {
  const fleet = createFleet({ labels: ["out", "err"], capacity, keptExits });
  for (let count = 0; count < processes; count++) fleet.spawn();
  const fromTheFirst = { unit, label, start: { kind: "held" } as const };
  const client = new Client(fleet, fromTheFirst);
  const faithful = new Client(fleet, fromTheFirst);
  const late: Client[] = [];
  let hasOneUnit = true;
  let nowMs = 1_000_000;
  const alive = () => fleet.processes.filter(({ exitRank }) => exitRank === undefined);
  for (const step of steps) {
    const running = alive();
    if (step.kind === "spawn") fleet.spawn();
    else if (step.kind === "wait") nowMs += step.ms;
    else if (step.kind === "join") late.push(new Client(fleet, { unit, label, start: step.start }));
    else if (step.kind === "leave") {
      hasOneUnit &&= step.unit === unit;
      for (const each of [client, ...late]) each.leave(step.unit);
    } else if (step.kind === "read") for (const each of [client, faithful, ...late]) each.read({ ...step, nowMs });
    else if (running.length > 0) {
      const { id } = running[step.at % running.length]!;
      if (step.kind === "exit") fleet.exit(id, nowMs);
      else fleet.write(id, step.label === 0 ? "out" : "err", Buffer.from(step.text), nowMs);
    }
  }
  client.leave();
  for (const each of late) each.leave();
  for (const each of [client, faithful, ...late]) {
    while (each.read({ items: 1000, maxBytes: 64, unread: 0, nowMs: Infinity }));
    expectExact(fleet, each, label);
    if (!late.includes(each)) expectEvents(fleet, each, processes);
    each.close();
  }
  if (hasOneUnit && faithful.lostBytes + client.lostBytes === 0) expect(client.items).toEqual(faithful.items);
}

/** Every byte was received once, or is part of a gap. */
function expectExact(fleet: Fleet, client: Client, label: string | undefined): void {
  let unseen = 0;
  for (const { id, rings } of fleet.processes) {
    for (const [each, { head }] of rings) {
      if (label !== undefined && each !== label) continue;
      unseen += head - (client.got.get(`${id} ${each}`)?.next ?? 0);
    }
  }
  expect(unseen + client.skipped).toBe(client.lostAnywhere);
}

/** Each spawn comes before all output of its process, each exit after it, and each only once. */
function expectEvents(fleet: Fleet, { items }: Client, processesAtStart: number): void {
  expect(new Set(items).size).toBe(items.length);
  for (const { id, exitRank } of fleet.processes) {
    const exitedAt = items.indexOf(`exit ${id}`);
    const lastOutput = items.findLastIndex((each) => each.startsWith(`${id} `));
    const isHeld = fleet.source.processes().some((each) => each.id === id);
    if (exitRank === undefined) expect(exitedAt).toBe(-1);
    else if (isHeld) expect(exitedAt).toBeGreaterThan(lastOutput);
    const spawnedAt = items.indexOf(`spawn ${id}`);
    if (id <= processesAtStart) expect(spawnedAt).toBe(-1);
    else if (isHeld) expect(spawnedAt).toBeGreaterThan(-1);
    const firstOutput = items.findIndex((each) => each.startsWith(`${id} `));
    if (firstOutput >= 0) expect(spawnedAt).toBeLessThan(firstOutput);
  }
}

test("an id has at most 128 characters and is parsed to the same position, for any numbers", () => {
  const count = fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constant(Number.MAX_SAFE_INTEGER));
  const place = fc.record({ processId: count, outputIndex: fc.nat(1), position: count });
  const position = fc.record({
    serial: count,
    order: count,
    floor: count,
    spawnFloor: count,
    given: count,
    scope: fc.nat(2 ** 32 - 1),
    ahead: fc
      .array(place, { maxLength: 3 })
      .filter((ahead) => ahead.map(formatPlace).join("").length <= maxAheadLength),
    piece: fc.option(place, { nil: undefined }),
    hasGaps: fc.boolean(),
  });
  fc.assert(
    fc.property(position, (made) => {
      const id = formatStreamId(made);
      expect(id.length).toBeLessThanOrEqual(128);
      const spawnFloor = made.spawnFloor > made.order ? made.spawnFloor : 0;
      expect(parseStreamId(id)).toEqual({ kind: "resume", position: { ...made, spawnFloor } });
    }),
    { numRuns: 2000 },
  );
});

const firstWrites = (label: number, text: string): Action => ({ kind: "write", at: 0, label, text });

test("bytes lost in one output earlier are not confused with bytes lost in another output later", () => {
  const steps: Action[] = [
    firstWrites(1, "line\natwo\nlines\n"),
    { kind: "write", at: 10, label: 1, text: "20%\r\na🦉 owl" },
    { kind: "write", at: 25, label: 1, text: `é${"x".repeat(40)}20%\r\n20%\r\n` },
    firstWrites(0, "20%\r\néaa"),
    firstWrites(1, `two\nlines\n${"x".repeat(40)}a`),
    firstWrites(1, "10%\r"),
    { kind: "read", items: 2, maxBytes: 8, unread: 0 },
    firstWrites(0, `${"x".repeat(40)}🦉 owltwo\nlines\n`),
    firstWrites(0, "10%\ré"),
    { kind: "exit", at: 0 },
  ];
  play({ unit: "lines", label: undefined, capacity: 64, keptExits: 2, processes: 3, steps });
});

describe("a client that resumes with the last id", () => {
  test("gets every later byte once, or in a gap, for any processes, with ids of at most 128 characters", () => {
    fc.assert(fc.property(scenes, play), {
      numRuns: 500,
      interruptAfterTimeLimit: 20_000,
      markInterruptAsFailure: false,
    });
  }, 120_000);
});
