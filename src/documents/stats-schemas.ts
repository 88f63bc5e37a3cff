import { type Static, Type } from "@sinclair/typebox";
import { nullable } from "./nullable.ts";

const bytes = Type.Integer({ minimum: 0 });
const percent = (description: string) => Type.Number({ minimum: 0, description });
/** `"N/A"` if no process is running. */
const figureSchema = (description: string) =>
  Type.Union([Type.Number({ minimum: 0 }), Type.Literal("N/A")], {
    description: `${description} \`"N/A"\` if no process is running.`,
  });

const usageSchema = Type.Object({
  pid: Type.Integer({ minimum: 1, description: "The kernel's process ID." }),
  cpu: percent(
    "CPU usage since the previous sample, in percent of one core. In the first sample, since the process started.",
  ),
  mem: percent("Resident memory, in percent of the machine's memory."),
  mem_info1: Type.String({ description: "`rss` with a unit, such as `12.3M`." }),
  mem_info2: Type.String({ description: "`vms` with a unit, such as `1.2G`." }),
  ctime: Type.String({
    description: "User and system CPU time since the process started, in minutes and seconds, such as `75:03.20`.",
  }),
  username: Type.String({ description: "The user that the process runs as." }),
  nice: Type.Integer({ description: "The nice value of the process." }),
  cmdline: Type.String({ description: "The command line of the process." }),
  rss: Type.Integer({ minimum: 0, description: "Resident memory, in bytes." }),
  vms: Type.Integer({ minimum: 0, description: "Virtual memory (address space), in bytes." }),
  fds: nullable(Type.Integer({ minimum: 0 }), "The number of open file descriptors. `null` if it is unknown."),
  threads: nullable(Type.Integer({ minimum: 0 }), "The number of threads. `null` if it is unknown."),
  io_read: nullable(bytes, "Bytes that the process read from storage. `null` if unknown."),
  io_write: nullable(bytes, "Bytes that the process wrote to storage. `null` if unknown."),
});

/** Resource usage of a process. A value is `null` if the system does not report it, or not to gafferd. */
export interface ProcessStatsDocument extends Readonly<Static<typeof usageSchema>> {
  /** Child processes, nested. Their usage is not included in the values of the parent. */
  readonly children: readonly ProcessStatsDocument[];
}

const processProperties = {
  ...usageSchema.properties,
  children: Type.Unsafe<readonly ProcessStatsDocument[]>({
    type: "array",
    items: { $ref: "#/components/schemas/ProcessStats" },
    description: "Child processes, nested. Their usage is not included in the values of the parent.",
  }),
};

export const processStatsSchema = Type.Object(processProperties, {
  description:
    "Resource usage of a process. A value is `null` if the system does not report it, or if gafferd has no permission to read it.",
});

const slotProperties = {
  slot: Type.Integer({ minimum: 0, description: "The slot of the process within its template." }),
  port: nullable(
    Type.Integer({ minimum: 1 }),
    "The value of `PORT` in the environment of the process. `null` if its template has no `port`.",
  ),
};

export const supervisedStatsSchema = Type.Object(
  { ...slotProperties, ...processProperties },
  { description: "Resource usage of a process of a template." },
);

export const templateStatsSchema = Type.Object(
  {
    name: Type.String({ description: "The name of the template." }),
    stats: Type.Array(
      Type.Object({
        id: Type.Integer({ minimum: 1, description: "The ID that gafferd gave the process." }),
        ...slotProperties,
        ...processProperties,
      }),
      { description: "The running processes." },
    ),
    mem: figureSchema("The sum of `mem`."),
    max_mem: figureSchema("The highest `mem` of a process."),
    min_mem: figureSchema("The lowest `mem` of a process."),
    cpu: figureSchema("The sum of `cpu`."),
    max_cpu: figureSchema("The highest `cpu` of a process."),
    min_cpu: figureSchema("The lowest `cpu` of a process."),
  },
  {
    description: "Resource usage of the running processes of a template. The totals do not include child processes.",
  },
);

/** A number, or `"N/A"` if no process is running. */
export type Figure = Static<ReturnType<typeof figureSchema>>;
/** The answer to `/stats/:name/:pid`. */
export type SupervisedStatsDocument = ProcessStatsDocument & {
  readonly slot: number;
  readonly port: number | null;
};
export type TemplateStatsDocument = Readonly<Static<typeof templateStatsSchema>>;
