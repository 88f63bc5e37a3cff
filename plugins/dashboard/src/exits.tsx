import type { Client, DetailDocument, ExitDocument } from "gafferd/client";
import { useEffect, useState } from "preact/hooks";
import { formatAge, formatBytes, formatExit } from "./format.ts";
import { toHash } from "./route.ts";

/** How the last processes of a template ended; their output can be read still. */
export function Exits({ client, template }: { client: Client; template: DetailDocument }) {
  const { name, processes } = template;
  const [exits, setExits] = useState<readonly ExitDocument[]>([]);
  const [isOpen, setOpen] = useState(false);
  const pids = processes.map(({ pid }) => pid).join();
  useEffect(() => {
    if (!isOpen) return undefined;
    let isCurrent = true;
    // What fails is told by the banner, and asked for again with the next exit.
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
        <p class="quiet">None so far.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">Process</th>
              <th scope="col">Ended with</th>
              <th scope="col">When</th>
              <th scope="col">Ran for</th>
              <th scope="col">Memory at most</th>
            </tr>
          </thead>
          <tbody>
            {exits.map((exit) => (
              <tr key={exit.pid}>
                <th scope="row">
                  <a href={toHash({ name, pid: exit.pid })}>process {exit.pid}</a>
                </th>
                <td>{formatExit(exit)}</td>
                <td>{exit.exited_at === null ? "" : new Date(exit.exited_at).toLocaleTimeString()}</td>
                <td>
                  {exit.exited_at === null ? "" : formatAge(Date.parse(exit.exited_at) - Date.parse(exit.started_at))}
                </td>
                <td>{exit.max_rss === null ? "" : formatBytes(exit.max_rss)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </details>
  );
}
