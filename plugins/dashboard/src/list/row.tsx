import type { Figure } from "../state/figures.ts";
import { formatAge, formatBytes, formatPercent } from "../format.ts";
import { processBadge, templateBadge } from "../badge.ts";
import { toHash } from "../route.ts";
import type { Row } from "./rows.ts";
import { StateBadge } from "../state-badge.tsx";

interface RowProps {
  readonly row: Row;
  /** Position among all rows; the head is 1. */
  readonly index: number;
  readonly figure: Figure | undefined;
  readonly isSelected: boolean;
  readonly isExpanded: boolean;
  readonly onToggle: (name: string) => void;
}

export function RowView({ row, index, figure, isSelected, isExpanded, onToggle }: RowProps) {
  const { template, process, key } = row;
  const { name, status, processes } = template;
  const link = (text: string, pid?: number) => (
    <a
      href={toHash({ name, ...(pid !== undefined && { pid }) })}
      data-row={key}
      aria-current={isSelected ? "true" : undefined}
      title={text}
    >
      {text}
    </a>
  );
  return (
    <tr aria-rowindex={index} class={`${isSelected ? "selected" : ""} ${process === undefined ? "" : "process"}`}>
      <th scope="row" class="name">
        {process === undefined ? (
          <span class="cell">
            <button
              type="button"
              class="plain expand"
              aria-expanded={isExpanded}
              aria-label={`Processes of ${name}`}
              onClick={() => onToggle(name)}
            >
              <svg viewBox="0 0 10 10" aria-hidden="true">
                <path d="M3 1.5 6.5 5 3 8.5" />
              </svg>
            </button>
            {link(name)}
          </span>
        ) : (
          <span class="cell">
            {link(`process ${process.pid}`, process.pid)}{" "}
            <span class="quiet" title={`os pid ${process.os_pid}`}>
              slot {process.slot}
            </span>
          </span>
        )}
      </th>
      <td class="state">
        <StateBadge badge={process === undefined ? templateBadge(template) : processBadge(template, process)} />
      </td>
      <td class="running">
        {process === undefined
          ? `${processes.length} / ${status.numprocesses}`
          : formatAge(Date.now() - Date.parse(process.started_at))}
      </td>
      <td class="cpu">{figure === undefined ? "" : formatPercent(figure.cpu)}</td>
      <td class="memory">{figure === undefined ? "" : formatBytes(figure.rss)}</td>
    </tr>
  );
}
