import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { formatMetrics as formatInSteps, type MetricFamily } from "../../../src/http/metrics/metrics-text.ts";
import { finishNow } from "../../../src/slices.ts";
import { readExposition } from "./exposition.ts";

const formatMetrics = (families: readonly MetricFamily[]) => finishNow(formatInSteps(families));
const bytes = (samples: MetricFamily["samples"], help = "Bytes."): MetricFamily => ({
  name: "x_bytes",
  type: "gauge",
  help,
  samples,
});

test("a family is written as help, type and samples", () => {
  const text = formatMetrics([
    { name: "a_total", type: "counter", help: "All of it.", samples: [{ value: 0 }] },
    bytes([
      { labels: { template: "web:api", pid: 3 }, value: 1.5 },
      { labels: { template: "b", pid: 4 }, value: 2 ** 53 },
    ]),
    {
      name: "lag_seconds",
      type: "histogram",
      help: "How late.",
      samples: [
        { suffix: "_bucket", labels: { le: 0.001 }, value: 1 },
        { suffix: "_bucket", labels: { le: "+Inf" }, value: 2 },
        { suffix: "_sum", value: 1e-7 },
        { suffix: "_count", value: 2 },
      ],
    },
  ]);
  expect(text).toBe(`# HELP a_total All of it.
# TYPE a_total counter
a_total 0
# HELP x_bytes Bytes.
# TYPE x_bytes gauge
x_bytes{template="web:api",pid="3"} 1.5
x_bytes{template="b",pid="4"} 9007199254740992
# HELP lag_seconds How late.
# TYPE lag_seconds histogram
lag_seconds_bucket{le="0.001"} 1
lag_seconds_bucket{le="+Inf"} 2
lag_seconds_sum 1e-7
lag_seconds_count 2
`);
  expect(readExposition(text).value("lag_seconds_sum")).toBe(1e-7);
});

test("a family without samples is left out", () => {
  expect(formatMetrics([bytes([])])).toBe("");
});

test("special characters in label values and help texts are escaped", () => {
  const text = formatMetrics([bytes([{ labels: { label: 'a"b\\c\nd' }, value: 1 }], 'one\\"two"\nthree')]);
  expect(text).toBe(`# HELP x_bytes one\\\\"two"\\nthree
# TYPE x_bytes gauge
x_bytes{label="a\\"b\\\\c\\nd"} 1
`);
});

test("any label value and any number can be parsed back", () => {
  const label = fc.string({ unit: fc.oneof(fc.constantFrom('"', "\\", "\n", "n", "}", ",", " ", "#"), fc.string()) });
  fc.assert(
    fc.property(label, fc.double(), (value, number) => {
      const text = formatMetrics([bytes([{ labels: { label: value, pid: 1 }, value: number }])]);
      const read = readExposition(text);
      // -0 is written as 0.
      expect(read.value("x_bytes", { label: value })).toEqual(Object.is(number, -0) ? expect.anything() : number);
      expect(read.series.size).toBe(1);
    }),
  );
});

/** The tests rely on these checks. */
describe("the parser of the tests rejects", () => {
  const head = "# HELP x_bytes Bytes.\n# TYPE x_bytes gauge\n";
  test.each([
    ["a last line without a line break", `${head}x_bytes 1`],
    ["an empty line", `${head}x_bytes 1\n\n`],
    ["a sample without TYPE", "# HELP x_bytes Bytes.\nx_bytes 1\n"],
    ["a TYPE without HELP", "# TYPE x_bytes gauge\nx_bytes 1\n"],
    ["a family in two parts", `${head}x_bytes{a="1"} 1\n${head}x_bytes{a="2"} 1\n`],
    ["a series twice", `${head}x_bytes{a="1"} 1\nx_bytes{a="1"} 2\n`],
    ["a sample of another family", `${head}y_bytes 1\n`],
    ["an unterminated label", `${head}x_bytes{a="1} 1\n`],
    ["an unknown escape", `${head}x_bytes{a="\\t"} 1\n`],
    ["a trailing comma", `${head}x_bytes{a="1",} 1\n`],
    ["a label twice", `${head}x_bytes{a="1",a="2"} 1\n`],
    ["labels that differ", `${head}x_bytes{a="1"} 1\nx_bytes{b="1"} 1\n`],
    ["an invalid number", `${head}x_bytes one\n`],
    ["a counter without _total", head.replace("gauge", "counter") + "x_bytes 1\n"],
    ["a gauge with _total", "# HELP x_total X.\n# TYPE x_total gauge\nx_total 1\n"],
    ["a counter below 0", "# HELP x_total X.\n# TYPE x_total counter\nx_total -1\n"],
    ["a unit that is no base unit", "# HELP x_ms X.\n# TYPE x_ms gauge\nx_ms 1\n"],
    ["a unit before the end", "# HELP x_bytes_now X.\n# TYPE x_bytes_now gauge\nx_bytes_now 1\n"],
    ["the suffix of a histogram", "# HELP x_count X.\n# TYPE x_count gauge\nx_count 1\n"],
    ["a histogram that ends early", '# HELP x X.\n# TYPE x histogram\nx_bucket{le="1"} 1\nx_sum 1\nx_count 1\n'],
    ["camelCase", "# HELP xY X.\n# TYPE xY gauge\nxY 1\n"],
  ])("%s", (_, text) => {
    expect(() => readExposition(text)).toThrow();
  });
});
