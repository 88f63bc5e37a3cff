import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

interface ChartProps {
  readonly title: string;
  readonly times: readonly number[];
  readonly values: readonly (number | null)[];
  readonly format: (value: number) => string;
  /** The CSS variable of the colour, such as `--cpu`. */
  readonly colour: string;
  /** Allowed distances between the labels of the axis. Default: round numbers. */
  readonly steps?: number[];
  /** When this changes, the chart is drawn again with the current colours. */
  readonly look: unknown;
}

const heightPx = 96;
const minSpanSeconds = 60;

/** A chart of one value over time, with the last and the highest value as text. */
export function Chart({ title, times, values, format, colour, steps, look }: ChartProps) {
  const element = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const known = values.filter((value) => value !== null);
  const last = values.at(-1) ?? undefined;
  const now = last === undefined ? "–" : format(last);
  const highest = known.length === 0 ? "–" : format(Math.max(...known));

  useEffect(() => {
    const parent = element.current;
    if (parent === null) return undefined;
    const chart = new uPlot(options(parent, format, colour, steps), [[], []], parent);
    plot.current = chart;
    const observer = new ResizeObserver(() => chart.setSize({ width: parent.clientWidth, height: heightPx }));
    observer.observe(parent);
    return () => {
      observer.disconnect();
      chart.destroy();
    };
  }, [look]);
  useEffect(() => plot.current?.setData([[...times], [...values]]), [times, times.at(-1), look]);

  return (
    <figure class="chart">
      <figcaption>
        {title} <strong>{now}</strong> <span class="quiet">max {highest}</span>
      </figcaption>
      <div ref={element} role="img" aria-label={`${title} over time: now ${now}, maximum ${highest}`} />
    </figure>
  );
}

function options(
  parent: HTMLElement,
  format: ChartProps["format"],
  colour: string,
  steps: number[] | undefined,
): uPlot.Options {
  const css = getComputedStyle(parent);
  const ink = (name: string) => css.getPropertyValue(name);
  const axis = { stroke: ink("--quiet"), font: "11px system-ui", ticks: { show: false } };
  const grid = { stroke: ink("--line"), width: 1 };
  return {
    width: parent.clientWidth,
    height: heightPx,
    legend: { show: false },
    cursor: { show: false },
    // The padding on the right leaves room for half of the last label.
    padding: [6, 16, 0, 0],
    scales: {
      x: { range: (_, from, to) => [Math.min(from, to - minSpanSeconds), to] },
      y: { range: (_, __, to) => [0, Math.max(to * 1.1, 1)] },
    },
    axes: [
      { ...axis, grid: { show: false }, size: 20, space: 80 },
      {
        ...axis,
        grid,
        size: 64,
        space: 24,
        ...(steps !== undefined && { incrs: steps }),
        values: (_, ticks) => ticks.map(format),
      },
    ],
    series: [{}, { stroke: ink(colour), fill: `${ink(colour)}22`, width: 1.5, points: { show: false } }],
  };
}
