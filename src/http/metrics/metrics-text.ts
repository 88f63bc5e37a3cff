/** The metrics of one name. Names end with the base unit (`_seconds`, `_bytes`); those of counters end with `_total`. */
export interface MetricFamily {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  /** One sentence. */
  readonly help: string;
  /** A family without samples is not written. */
  readonly samples: readonly MetricSample[];
}

export interface MetricSample {
  /** Appended to the name of the family: `_bucket`, `_sum` or `_count` of a histogram. Default: nothing. */
  readonly suffix?: string;
  readonly labels?: Readonly<Record<string, string | number>>;
  readonly value: number;
}

export const metricsContentType = "text/plain; version=0.0.4; charset=utf-8";

/**
 * Writes Prometheus's text format, version 0.0.4 (prometheus.io, "Exposition formats"), a sample per step:
 *
 * ```
 * # HELP gafferd_template_restarts_total Processes that replaced one that exited without being asked to.
 * # TYPE gafferd_template_restarts_total counter
 * gafferd_template_restarts_total{template="web"} 3
 * ```
 */
export function* formatMetrics(families: readonly MetricFamily[]): Generator<void, string> {
  const lines: string[] = [];
  for (const { name, type, help, samples } of families) {
    if (samples.length > 0) lines.push(`# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`);
    for (const { suffix = "", labels, value } of samples) {
      lines.push(`${name}${suffix}${formatLabels(labels)} ${formatValue(value)}\n`);
      yield;
    }
  }
  return lines.join("");
}

function formatLabels(labels: MetricSample["labels"] = {}): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${escapeLabelValue(String(value))}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

/** `Number.toString` writes what Go's ParseFloat reads, except for infinities. */
function formatValue(value: number): string {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}

function escapeHelp(text: string): string {
  return text.replace(/[\\\n]/g, escapeCharacter);
}

function escapeLabelValue(text: string): string {
  return text.replace(/[\\\n"]/g, escapeCharacter);
}

function escapeCharacter(character: string): string {
  return character === "\n" ? "\\n" : `\\${character}`;
}
