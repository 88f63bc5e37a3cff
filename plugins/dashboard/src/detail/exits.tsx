import type { Client, DetailDocument, HistoryEntry } from "gafferd/client";
import { useEffect, useState } from "preact/hooks";
import { formatAge, formatBytes, formatExit } from "../format.ts";
import { toHash } from "../route.ts";
import { ExitReport } from "./exit-report.tsx";

/** The last exits of a template, with their reports and links to the output of those processes. */
export function Exits({ client, template }: { client: Client; template: DetailDocument }) {
  const { name, processes } = template;
  const [exits, setExits] = useState<readonly HistoryEntry[]>([]);
  const [isOpen, setOpen] = useState(false);
  const pids = processes.map(({ pid }) => pid).join();
  useEffect(() => {
    if (!isOpen) return undefined;
    let isCurrent = true;
    // The banner reports a failure, and the next exit requests the list again.
    client.history(name).then(
      (history) => isCurrent && setExits(history.toReversed()),
      () => {},
    );
    return () => void (isCurrent = false);
  }, [name, pids, isOpen]);
  return (
    <details class="exits" open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>Last exits</summary>
      {exits.length === 0 ? (
        <p class="quiet">No exits yet.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">Process</th>
              <th scope="col">Exit</th>
              <th scope="col">Time</th>
              <th scope="col">Ran for</th>
              <th scope="col">Peak memory</th>
              <th scope="col">Report</th>
            </tr>
          </thead>
          <tbody>
            {exits.map((exit) => (
              <tr key={exit.report}>
                <th scope="row">
                  <a href={toHash({ name, pid: exit.pid })}>process {exit.pid}</a>
                </th>
                <td>{exit.state === "lost" ? "lost" : formatExit(exit)}</td>
                <td>{exit.exited_at === null ? "" : new Date(exit.exited_at).toLocaleTimeString()}</td>
                <td>
                  {exit.exited_at === null ? "" : formatAge(Date.parse(exit.exited_at) - Date.parse(exit.started_at))}
                </td>
                <td>{exit.max_rss === null ? "" : formatBytes(exit.max_rss)}</td>
                <td>
                  <ExitReport client={client} name={name} exit={exit} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </details>
  );
}
