import type { ProcessStatsDocument, TemplateStatsDocument } from "gafferd/client";

export interface Figure {
  /** Percent of one core. */
  readonly cpu: number;
  /** Bytes. */
  readonly rss: number;
}

/** Columns of equal length, as uPlot expects them: Unix times in seconds, then a value or null for each. */
export interface Series {
  readonly times: number[];
  readonly cpu: (number | null)[];
  readonly rss: (number | null)[];
}

/** Five minutes with one sample per second. */
const maxSamples = 300;

/** CPU and memory of templates (by name) and processes (by pid) over the last minutes, including their children. */
export class Figures {
  readonly #series = new Map<string | number, Series>();

  take(sample: readonly TemplateStatsDocument[], timeMs: number): void {
    const present = new Set<string | number>();
    const note = (key: string | number, figure: Figure | undefined) => {
      present.add(key);
      push(this.#series.getOrInsertComputed(key, createSeries), timeMs / 1000, figure);
    };
    for (const { name, stats } of sample) {
      const each = stats.map((process) => ({ id: process.id, figure: withChildren(process) }));
      for (const { id, figure } of each) note(id, figure);
      note(name, each.length === 0 ? undefined : sum(each.map(({ figure }) => figure)));
    }
    for (const key of this.#series.keys()) if (!present.has(key)) this.#series.delete(key);
  }

  /** Adds an empty sample to every series, while the connection is lost. */
  interrupt(timeMs: number): void {
    for (const series of this.#series.values()) push(series, timeMs / 1000, undefined);
  }

  series(key: string | number): Series | undefined {
    return this.#series.get(key);
  }

  latest(key: string | number): Figure | undefined {
    const series = this.#series.get(key);
    const cpu = series?.cpu.at(-1) ?? null;
    const rss = series?.rss.at(-1) ?? null;
    return cpu === null || rss === null ? undefined : { cpu, rss };
  }
}

function createSeries(): Series {
  return { times: [], cpu: [], rss: [] };
}

function push({ times, cpu, rss }: Series, time: number, figure: Figure | undefined): void {
  times.push(time);
  cpu.push(figure?.cpu ?? null);
  rss.push(figure?.rss ?? null);
  if (times.length > maxSamples) for (const column of [times, cpu, rss]) column.shift();
}

function withChildren({ cpu, rss, children }: ProcessStatsDocument): Figure {
  return sum([{ cpu, rss }, ...children.map(withChildren)]);
}

function sum(figures: readonly Figure[]): Figure {
  return figures.reduce((total, { cpu, rss }) => ({ cpu: total.cpu + cpu, rss: total.rss + rss }), { cpu: 0, rss: 0 });
}
