import type { Client, ExitReportDocument, HistoryEntry } from "gafferd/client";
import { useState } from "preact/hooks";

export interface ExitReportProps {
  readonly client: Client;
  readonly name: string;
  readonly exit: HistoryEntry;
}

/** What ended a process. Open, it also shows what followed and the last output. */
export function ExitReport({ client, name, exit: { pid, boot, ended_by: endedBy } }: ExitReportProps) {
  const [report, setReport] = useState<ExitReportDocument>();
  const load = () => {
    // The banner reports a failure; opening it again tries again.
    client.exitReport(name, pid, { boot }).then(setReport, () => {});
  };
  return (
    <details onToggle={({ currentTarget }) => currentTarget.open && load()}>
      <summary>{endedBy.message}</summary>
      {report !== undefined && (
        <>
          <p>
            {report.next.step.replace("_", " ")}: {report.next.reason}
          </p>
          {report.changed_settings !== null && report.changed_settings.length > 0 && (
            <p>Changed settings: {report.changed_settings.join(", ")}</p>
          )}
          <pre>{report.output.map(({ data }) => data).join("") || "No output."}</pre>
        </>
      )}
    </details>
  );
}
