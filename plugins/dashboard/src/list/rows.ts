import type { DetailDocument } from "gafferd/client";
import type { Figures } from "../state/figures.ts";
import type { ProcessRow } from "../state/fleet.ts";

/** A row of the list: a template, or a process below its template. */
export interface Row {
  readonly key: string;
  readonly template: DetailDocument;
  readonly process?: ProcessRow;
}

export type Column = "name" | "state" | "running" | "cpu" | "memory";

export interface Order {
  /** Undefined for the order of creation. */
  readonly column: Column | undefined;
  readonly isDescending: boolean;
}

export interface Selection {
  readonly filter: string;
  readonly order: Order;
  /** The names of the templates whose processes are shown. */
  readonly expanded: ReadonlySet<string>;
}

/** Returns the rows to show: filtered, sorted, and with the processes of expanded templates. */
export function toRows(templates: readonly DetailDocument[], figures: Figures, selection: Selection): Row[] {
  const { filter, order, expanded } = selection;
  const wanted = filter.trim().toLowerCase();
  const found = templates.filter(({ name }) => name.toLowerCase().includes(wanted));
  return sorted(found, figures, order).flatMap((template) => [
    { key: template.name, template },
    ...(expanded.has(template.name)
      ? template.processes.map((process) => ({ key: `${template.name}/${process.pid}`, template, process }))
      : []),
  ]);
}

function sorted(templates: DetailDocument[], figures: Figures, { column, isDescending }: Order): DetailDocument[] {
  if (column === undefined) return templates;
  const sign = isDescending ? -1 : 1;
  const values = new Map(templates.map((template) => [template, valueOf(template, figures, column)]));
  return templates.toSorted((a, b) => sign * compare(values.get(a) ?? "", values.get(b) ?? ""));
}

function valueOf({ name, status, processes }: DetailDocument, figures: Figures, column: Column): string | number {
  if (column === "name") return name;
  if (column === "state") return status.state;
  if (column === "running") return processes.length;
  const figure = figures.latest(name);
  return (column === "cpu" ? figure?.cpu : figure?.rss) ?? -1;
}

function compare(a: string | number, b: string | number): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b), "en", { numeric: true });
}
