import { useEffect, useRef, useState } from "preact/hooks";
import type { Figures } from "../state/figures.ts";
import type { Route } from "../route.ts";
import { RowView } from "./row.tsx";
import type { Column, Order, Row } from "./rows.ts";

/** Height of a row; keep in step with style/list.css. */
const rowPx = 34;
/** Extra rows outside the visible part, so that fast scrolling shows no gaps. */
const overscan = 12;

interface ListProps {
  readonly rows: readonly Row[];
  readonly figures: Figures;
  readonly route: Route;
  readonly order: Order;
  readonly expanded: ReadonlySet<string>;
  readonly onOrder: (order: Order) => void;
  readonly onToggle: (name: string) => void;
  /** Selects the next row (1) or the previous one (-1). */
  readonly onMove: (step: number) => void;
}

const columns: readonly (readonly [Column, string])[] = [
  ["name", "Name"],
  ["state", "State"],
  ["running", "Running"],
  ["cpu", "CPU"],
  ["memory", "Memory"],
];

/** The table of all templates. Only the visible rows are in the page. */
export function List({ rows, figures, route, order, expanded, onOrder, onToggle, onMove }: ListProps) {
  const element = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 800 });
  const first = Math.max(0, Math.min(Math.floor(view.top / rowPx) - overscan, rows.length));
  const last = Math.min(rows.length, Math.ceil((view.top + view.height) / rowPx) + overscan);

  useEffect(() => {
    const box = element.current;
    if (box === null) return undefined;
    const look = () => setView({ top: box.scrollTop, height: box.clientHeight });
    const observer = new ResizeObserver(look);
    observer.observe(box);
    box.addEventListener("scroll", look, { passive: true });
    return () => {
      observer.disconnect();
      box.removeEventListener("scroll", look);
    };
  }, []);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    onMove(event.key === "ArrowDown" ? 1 : -1);
  };
  return (
    <div class="list" ref={element} onKeyDown={onKeyDown}>
      <table aria-rowcount={rows.length + 1} aria-label="Templates">
        <thead>
          <tr aria-rowindex={1}>
            {columns.map(([column, title]) => (
              <th key={column} scope="col" class={column} aria-sort={sortOf(column, order)}>
                <button type="button" class="plain" onClick={() => onOrder(nextOrder(column, order))}>
                  {title}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <Space rows={first} />
          {rows.slice(first, last).map((row, index) => (
            <RowView
              key={row.key}
              row={row}
              index={first + index + 2}
              figure={figures.latest(row.process?.pid ?? row.template.name)}
              isSelected={row.template.name === route.name && row.process?.pid === route.pid}
              isExpanded={expanded.has(row.template.name)}
              onToggle={onToggle}
            />
          ))}
          <Space rows={rows.length - last} />
        </tbody>
      </table>
    </div>
  );
}

/** Scrolls to a row and focuses it. */
export function showRow(rows: readonly Row[], index: number): void {
  const box = document.querySelector(".list");
  const row = rows[index];
  if (box === null || row === undefined) return;
  const top = index * rowPx;
  // The table head covers the height of one row.
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + 2 * rowPx > box.scrollTop + box.clientHeight) box.scrollTop = top + 2 * rowPx - box.clientHeight;
  const focus = () =>
    box.querySelector<HTMLElement>(`[data-row="${CSS.escape(row.key)}"]`)?.focus({ preventScroll: true });
  requestAnimationFrame(() => requestAnimationFrame(focus));
}

function Space({ rows }: { rows: number }) {
  return rows > 0 ? <tr aria-hidden="true" style={{ height: `${rows * rowPx}px` }} /> : null;
}

function sortOf(column: Column, order: Order): "ascending" | "descending" | "none" {
  if (order.column !== column) return "none";
  return order.isDescending ? "descending" : "ascending";
}

/** Numbers are first sorted in descending order, texts in ascending order. The third click restores the order of creation. */
function nextOrder(column: Column, order: Order): Order {
  const isFirstDescending = column !== "name" && column !== "state";
  if (order.column !== column) return { column, isDescending: isFirstDescending };
  if (order.isDescending === isFirstDescending) return { column, isDescending: !isFirstDescending };
  return { column: undefined, isDescending: false };
}
