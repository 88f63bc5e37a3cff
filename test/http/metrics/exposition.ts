/** The parsed metrics of one or more texts in format 0.0.4. */
export interface Exposition {
  /** By name, in order. */
  readonly families: ReadonlyMap<string, { readonly type: string; readonly help: string }>;
  /** By series, written `name{label="value"}` with labels in their order and unescaped values. */
  readonly series: ReadonlyMap<string, number>;
  /** The value of the only sample of `name` that has these labels; it may have others. */
  value(name: string, labels?: Readonly<Record<string, string>>): number | undefined;
  /** All samples of `name`, by the `key` of their labels. */
  by(name: string, key: (labels: Readonly<Record<string, string>>) => string): Record<string, number>;
}

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Block {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: Sample[];
}

/**
 * Reads text format 0.0.4 and throws on whatever breaks its grammar, the rules that make it whole (HELP and TYPE once
 * and first, families in one piece, no series twice), or those by which `promtool check metrics` judges names and units.
 */
export function readExposition(text: string): Exposition {
  if (!text.endsWith("\n")) throw new Error("the last line has no end");
  const blocks = readBlocks(text.slice(0, -1).split("\n"));
  const samples = blocks.flatMap((block) => block.samples);
  const series = new Map(samples.map((sample) => [formatSeries(sample), sample.value]));
  if (series.size !== samples.length) throw new Error("a series is there twice");
  for (const block of blocks) lint(block);
  return {
    families: new Map(blocks.map(({ name, type, help }) => [name, { type, help }])),
    series,
    value(name, labels = {}) {
      const [found, another] = samples.filter((sample) => sample.name === name && has(sample.labels, labels));
      if (another !== undefined) throw new Error(`several series are ${name} ${JSON.stringify(labels)}`);
      return found?.value;
    },
    by(name, key) {
      return Object.fromEntries(
        samples.filter((sample) => sample.name === name).map(({ labels, value }) => [key(labels), value]),
      );
    },
  };
}

function has(labels: Sample["labels"], wanted: Sample["labels"]): boolean {
  return Object.entries(wanted).every(([label, value]) => labels[label] === value);
}

function formatSeries({ name, labels }: Sample): string {
  return `${name}{${Object.entries(labels)
    .map(([label, value]) => `${label}="${value}"`)
    .join(",")}}`;
}

function readBlocks(lines: readonly string[]): Block[] {
  const blocks: Block[] = [];
  for (let index = 0; index < lines.length;) {
    const [, name = "", help = ""] = must(/^# HELP ([a-zA-Z_:][\w:]*) (.+)$/, lines[index++]);
    const [, typed, type = ""] = must(/^# TYPE (\S+) (counter|gauge|histogram|summary|untyped)$/, lines[index++]);
    if (typed !== name) throw new Error(`the TYPE of ${typed} follows the HELP of ${name}`);
    if (blocks.some((block) => block.name === name)) throw new Error(`${name} comes in two pieces`);
    if (/\\(?![\\n])/.test(help)) throw new Error(`the help of ${name} has an unknown escape`);
    const samples: Sample[] = [];
    while (index < lines.length && !lines[index]?.startsWith("#")) samples.push(readSample(lines[index++] ?? ""));
    if (samples.length === 0) throw new Error(`${name} has no samples`);
    blocks.push({ name, type, help, samples });
  }
  return blocks;
}

function readSample(line: string): Sample {
  const [, name = "", braces, written = ""] = must(/^([a-zA-Z_:][\w:]*)(\{.*\})? (\S+)$/s, line);
  const labels: Record<string, string> = {};
  let rest = braces?.slice(1, -1) ?? "";
  while (rest !== "") {
    const [pair, label = "", value = ""] = must(/^([a-zA-Z_]\w*)="((?:[^"\\]|\\[\\"n])*)"(?:,(?=.)|$)/s, rest);
    if (label in labels) throw new Error(`${name} has the label ${label} twice`);
    labels[label] = value.replace(/\\(.)/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped));
    rest = rest.slice(pair.length);
  }
  const special: Record<string, number> = { "+Inf": Infinity, "-Inf": -Infinity, NaN };
  const value = special[written] ?? Number(must(/^-?\d+(\.\d+)?(e[-+]?\d+)?$/, written)[0]);
  return { name, labels, value };
}

function must(pattern: RegExp, text = ""): RegExpExecArray {
  const found = pattern.exec(text);
  if (found === null) throw new Error(`not in the format: ${text}`);
  return found;
}

const units = ["seconds", "bytes", "ratio", "info"];
/** Some of the words that promtool rejects: units that are not base units, and abbreviations. */
const notUnits =
  /^(m|u|n)?s(ecs?)?$|^(milli|micro|nano)seconds$|^(min(ute)?s?|hours?|days?)$|^[kmgt]?i?b$|^(kilo|mega|giga)bytes$|^percent$/;

function lint({ name, type, samples }: Block): void {
  const fail = (reason: string) => {
    throw new Error(`${name}: ${reason}`);
  };
  const words = name.split("_");
  if (/[A-Z:]/.test(name)) fail("a name is in snake_case and has no colon");
  if (words.some((word) => notUnits.test(word))) fail("not a base unit");
  if (words.includes(type)) fail("a name does not name its type");
  if ((words.at(-1) === "total") !== (type === "counter")) fail("counters, and they alone, end in _total");
  if (type !== "histogram" && /_(bucket|sum|count)$/.test(name)) fail("the suffix belongs to histograms");
  const unitAt = words.findIndex((word) => units.includes(word));
  const lastWord = type === "counter" ? words.length - 2 : words.length - 1;
  if (unitAt >= 0 && unitAt !== lastWord) fail("the unit is the last word");
  for (const sample of samples) {
    const isOurs =
      type === "histogram" ? /_(bucket|sum|count)$/.test(sample.name.slice(name.length)) : sample.name === name;
    if (!isOurs || !sample.name.startsWith(name)) fail(`a sample of ${sample.name} is among its own`);
    if (/[A-Z]/.test(Object.keys(sample.labels).join(""))) fail("labels are in snake_case");
    if ("le" in sample.labels !== sample.name.endsWith("_bucket")) fail("`le` is the label of buckets alone");
    if (type === "counter" && !(sample.value >= 0)) fail("a counter is no less than 0");
  }
  if (type === "histogram") lintHistogram(name, samples);
  else if (new Set(samples.map(({ labels }) => Object.keys(labels).join())).size !== 1) fail("labels differ");
}

/** A histogram series without labels of its own. */
function lintHistogram(name: string, samples: readonly Sample[]): void {
  const buckets = samples.filter((sample) => sample.name === `${name}_bucket`);
  const bounds = buckets.map(({ labels }) => (labels["le"] === "+Inf" ? Infinity : Number(labels["le"])));
  const counts = buckets.map(({ value }) => value);
  const count = samples.find((sample) => sample.name === `${name}_count`)?.value;
  if (bounds.at(-1) !== Infinity || counts.at(-1) !== count)
    throw new Error(`${name}: the last bucket is no count of all`);
  if (!isAscending(bounds) || !isAscending(counts)) throw new Error(`${name}: the buckets do not ascend`);
  if (!samples.some((sample) => sample.name === `${name}_sum`)) throw new Error(`${name}: there is no sum`);
}

function isAscending(values: readonly number[]): boolean {
  return values.every((value, at) => at === 0 || value >= (values[at - 1] ?? 0));
}
