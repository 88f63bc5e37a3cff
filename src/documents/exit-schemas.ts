import { type Static, Type } from "@sinclair/typebox";
import { nullable } from "./nullable.ts";

export const time = Type.String({ format: "date-time" });
export const word = <const Word extends string>(words: readonly Word[], description: string) =>
  Type.Unsafe<Word>({ type: "string", enum: words, description });
export const pidProperty = Type.Integer({
  minimum: 1,
  description: "The ID that gafferd gave the process: 1, 2, 3 … IDs are never reused.",
});
export const slot = Type.Integer({
  minimum: 0,
  description:
    "The slot of the process within its template: the lowest free number, starting at 0. A replacement process gets the same slot. The process can read it from the environment variable `GAFFER_SLOT`.",
});
export const osPid = Type.Integer({ minimum: 1, description: "The kernel's process ID." });

export const exitStatusProperties = {
  exit_status: nullable(
    Type.Integer(),
    "The exit status. `null` while the process is running, and if a signal terminated it.",
  ),
  term_signal: nullable(
    Type.String(),
    "The signal that terminated the process, such as `SIGTERM`. `null` while the process is running, and if it exited by itself.",
  ),
};

const boot = Type.String({
  description: "The run of gafferd that had the process. Each run numbers its processes from 1.",
});

export const reportAddress = Type.String({
  description:
    "The address of the report of the exit: `/processes/NAME/_history/PID?boot=BOOT`, or `/runs/ID` for a run.",
});

export const exitDocumentSchema = Type.Object(
  {
    pid: pidProperty,
    os_pid: osPid,
    slot,
    ...exitStatusProperties,
    started_at: time,
    exited_at: nullable(time, "`null` while the process is running."),
    cpu_ms: nullable(Type.Number({ minimum: 0 }), "User and system CPU time that the process used, in milliseconds."),
    max_rss: nullable(
      Type.Integer({ minimum: 0 }),
      "Peak resident memory in bytes, as last sampled. gafferd samples it 50 ms after the start, then at intervals that grow to 10 s, and before it sends a signal. `null` if the process exited before the first sample and used less memory than gafferd itself.",
    ),
    survivors: Type.Array(
      Type.Object({
        os_pid: osPid,
        name: Type.String({ description: "The short name of the process (`comm`)." }),
        state: Type.String({
          description: "The kernel's state letter of the process, such as `D` (waiting for a device).",
        }),
      }),
      {
        description:
          "Processes that were still there 1.5 seconds after SIGKILL: the process itself, or processes that it started.",
      },
    ),
  },
  { description: "The exit of a process." },
);

/** What can end a process. */
export const endCauses = [
  "itself",
  "signal",
  "limit",
  "out_of_memory",
  "stop",
  "restart",
  "scale_down",
  "flapping",
  "given_up",
  "shutdown",
  "lost",
] as const;

/** What can follow an exit. */
export const nextSteps = ["restarted", "waiting", "not_restarted", "given_up", "unknown"] as const;

export const historyEntrySchema = Type.Object(
  {
    ...exitDocumentSchema.properties,
    state: word(
      ["exited", "lost"],
      "`lost`: gafferd ended before the process did, because it was killed, or because the process is not stopped with it. How and when it exited is not known.",
    ),
    boot,
    ended_by: Type.Object(
      {
        cause: word(
          endCauses,
          "`itself`: it exited, or crashed. `signal`: a signal ended it that gafferd did not send to stop it. `limit`: it exceeded `rlimit_cpu` or `rlimit_fsize`. `out_of_memory`: the kernel killed it because memory was short. `stop`: a request stopped it, its template or its group. `restart`: a request restarted its template or replaced the settings. `scale_down`: fewer processes are wanted. `flapping`, `given_up`: the processes of its template exited too often, or could not be started. `shutdown`: gafferd stopped. `lost`: it is not known.",
        ),
        by: nullable(
          Type.String(),
          "Who asked for it: `http`, `plugin:` with the name of the plugin, or `reload`. `null` if nobody did, if the program did that gafferd is embedded in, or if it is not known.",
        ),
        message: Type.String({ description: "The same as a sentence." }),
      },
      { description: "What ended the process." },
    ),
    report: reportAddress,
  },
  { description: "An exit in the history of a template." },
);

const relatedProcesses = (description: string) =>
  Type.Array(Type.Object({ os_pid: osPid, name: Type.String(), state: Type.String() }), { description });

export const exitReportSchema = Type.Object(
  {
    ...historyEntrySchema.properties,
    name: Type.String({ description: "The name of the template." }),
    next: Type.Object(
      {
        step: word(
          nextSteps,
          "`restarted`: another process took its place at once. `waiting`: it is replaced at `retry_at`. `not_restarted`: nothing took its place. `given_up`: its template was given up. `unknown`: gafferd had ended.",
        ),
        reason: Type.String({ description: "Why." }),
        retry_at: nullable(time, "`null` unless `step` is `waiting`."),
      },
      { description: "What followed." },
    ),
    output: Type.Array(
      Type.Object({
        stream: Type.String({ description: "The label of the output." }),
        time,
        data: Type.String({ description: "One or more lines." }),
      }),
      { description: "The last 50 lines of all outputs in the order of arrival, at most 8 KiB of them." },
    ),
    left_behind: relatedProcesses(
      "Processes that it had started and left running when it exited by itself. gafferd stopped them.",
    ),
    changed_settings: nullable(
      Type.Array(Type.String()),
      "The settings that differ from those of the process of the template that was started before it, such as `cmd` and `env.PORT`. `null` if there was none in this run of gafferd.",
    ),
  },
  { description: "The report of an exit: who or what ended the process, its last output, and what followed." },
);

export type HistoryEntry = Static<typeof historyEntrySchema>;
export type ExitReportDocument = Static<typeof exitReportSchema>;
export type ExitDocument = Static<typeof exitDocumentSchema>;
export type ExitStatusDocument = Readonly<Pick<ExitDocument, "exit_status" | "term_signal">>;
