import { describe, expect, test } from "bun:test";
import { payloadOfEvents } from "./carry.ts";
import type { Figure, Sample } from "./measure.ts";
import { median, percentile } from "./statistics.ts";
import { summarize } from "./summary.ts";
import { type Results, toMarkdown } from "./table.ts";
import { fileBytes, fileLines } from "./workspace.ts";

describe("statistics", () => {
  test.each<[number[], number]>([
    [[3], 3],
    [[10, 9, 100], 10],
    [[4, 1, 3, 2], 2.5],
    [[], Number.NaN],
  ])("the median of %j is %p", (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  test("a percentile is the smallest value that this percentage of values does not exceed", () => {
    const values = Array.from({ length: 200 }, (_, index) => 200 - index);
    expect([1, 50, 99, 100].map((percent) => percentile(values, percent))).toEqual([2, 100, 198, 200]);
  });
});

describe("a summary", () => {
  test("has the median of the ratios, not the ratio of the medians", () => {
    const rounds = [
      { value: 1, limit: 1 },
      { value: 2, limit: 8 },
      { value: 3, limit: 6 },
    ];
    expect(summaryOf({}, rounds).median).toEqual({ value: 2, limit: 6, ratio: 0.5 });
  });

  test.each<[Figure["goals"][number], boolean]>([
    [{ of: "value", bound: "≥", value: 2 }, true],
    [{ of: "value", bound: "≥", value: 2.1 }, false],
    [{ of: "value", bound: "<", value: 2 }, false],
    [{ of: "ratio", bound: "≤", value: 0.5 }, true],
    [{ of: "ratio", bound: "≤", value: 0.4 }, false],
    [{ of: "cpu", bound: "≤", value: 1 }, true],
    [{ of: "cpu", bound: "<", value: 1 }, false],
  ])("shows whether %j is met: %p", (goal, isMet) => {
    const { missed } = summaryOf({ goals: [goal] }, [{ value: 2, limit: 4, cpuSecondsPerGb: 1 }]);
    expect(missed).toEqual(isMet ? [] : [goal]);
  });

  test("misses a goal for a value that was not measured", () => {
    const goal = { of: "ratio", bound: "≤", value: 1 } as const;
    expect(summaryOf({ goals: [goal] }, [{ value: 2 }]).missed).toEqual([goal]);
  });
});

describe("the table", () => {
  test("has a row per figure, with empty cells for missing values", () => {
    const goals = [
      { of: "ratio", bound: "≥", value: 0.6 },
      { of: "cpu", bound: "≤", value: 1.1 },
    ] as const;
    const raw = summaryOf({ what: "raw", limit: "socat", goals }, [{ value: 0.9, limit: 1.2, cpuSecondsPerGb: 1.2 }]);
    const echo = summaryOf({ what: "echo", unit: "ms", goals: [{ of: "value", bound: "<", value: 2 }] }, [
      { value: 12.34 },
    ]);
    const rows = toMarkdown({ ...results, figures: [raw, echo] }).split("\n");
    expect(rows.slice(0, 4)).toEqual([
      "| what | gafferd | limit | ratio | goal | met | CPU s/GB |",
      "| --- | --- | --- | --- | --- | --- | --- |",
      "| raw | 0.900 GB/s | 1.20 GB/s (socat) | 0.75 | ratio ≥ 0.6, CPU ≤ 1.1 | **no** | 1.20 |",
      "| echo | 12.3 ms |  |  | < 2 ms | **no** |  |",
    ]);
  });

  test("names the machine, the load of other programs, and the measures not taken", () => {
    const notTaken = [{ measure: "relay", reason: "socat not installed" }];
    const text = toMarkdown({ ...results, othersShare: 0.5, notTaken });
    expect(text).toContain("Medians of 3 rounds; 2 cores (Z80), Linux 6.1, Bun 1.4.5.");
    expect(text).toContain("Other programs used up to 50 % of the CPUs.");
    expect(text).toContain("Not measured: relay (socat not installed).");
  });
});

describe("the payload of events", () => {
  const linesOfAll = fileBytes + fileLines * "data: ".length;

  test("is the whole file if every line arrived, in events of 64 KiB", () => {
    const around = Math.ceil(fileBytes / 65_536) * "event: stdout\nid: r123456789a.1.1-12345678\n\n".length;
    expect(payloadOfEvents(linesOfAll + around) / fileBytes).toBeCloseTo(1, 3);
  });

  test("is smaller if lines are missing", () => {
    expect(payloadOfEvents(linesOfAll * 0.9) / fileBytes).toBeCloseTo(0.9, 2);
  });

  test("cannot be computed if the overhead is too large", () => {
    expect(() => payloadOfEvents(linesOfAll * 1.1)).toThrow("events take");
  });
});

const results: Results = {
  machine: { cores: 2, cpu: "Z80", kernel: "6.1", bun: "1.4.5" },
  rounds: 3,
  othersShare: 0,
  figures: [],
  notTaken: [],
};

function summaryOf(figure: Partial<Figure>, rounds: readonly Sample[]) {
  const whole: Figure = { what: "it", unit: "GB/s", goals: [], ...figure };
  const [summary] = summarize(
    { name: "measure", figures: { it: whole } },
    rounds.map((it) => ({ it })),
  );
  if (summary === undefined) throw new Error("no summary");
  return summary;
}
