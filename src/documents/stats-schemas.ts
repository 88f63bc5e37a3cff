import { type Static, Type } from "@sinclair/typebox";
import { nullable } from "./nullable.ts";

const bytes = Type.Integer({ minimum: 0 });
const percent = (description: string) => Type.Number({ minimum: 0, description });
/** `"N/A"` where nothing runs. */
const figureSchema = Type.Union([Type.Number({ minimum: 0 }), Type.Literal("N/A")]);

const figuresSchema = Type.Object({
  pid: Type.Integer({ minimum: 1, description: "The kernel's number of the process." }),
  cpu: percent("Percent of one core since the sample before; in a first one since the process's start."),
  mem: percent("Percent of the machine's memory."),
  mem_info1: Type.String({ description: "`rss` for people: `12.3M`." }),
  mem_info2: Type.String({ description: "`vms` for people." }),
  ctime: Type.String({ description: "User and system time since its start, in minutes and seconds: `75:03.20`." }),
  username: Type.String(),
  nice: Type.Integer(),
  cmdline: Type.String(),
  rss: Type.Integer({ minimum: 0, description: "Bytes of memory that it holds." }),
  vms: Type.Integer({ minimum: 0, description: "Bytes of its address space." }),
  fds: nullable(Type.Integer({ minimum: 0 }), "Open file descriptors."),
  threads: nullable(Type.Integer({ minimum: 0 }), "Threads."),
  io_read: nullable(bytes, "Bytes that were fetched from storage for it."),
  io_write: nullable(bytes, "Bytes that it sent to storage."),
});

/** What a process takes. `null` is what the system does not say, or not to gafferd. */
export interface ProcessStatsDocument extends Readonly<Static<typeof figuresSchema>> {
  /** The processes that it has started and those that they have, nested; their figures are not in its own. */
  readonly children: readonly ProcessStatsDocument[];
}

const processProperties = {
  ...figuresSchema.properties,
  children: Type.Unsafe<readonly ProcessStatsDocument[]>({
    type: "array",
    items: { $ref: "#/components/schemas/ProcessStats" },
    description: "The processes that it has started; their figures are not in its own.",
  }),
};

export const processStatsSchema = Type.Object(processProperties, {
  description: "What a process takes. `null` is what the system does not say, or not to gafferd.",
});

const placeProperties = {
  slot: Type.Integer({ minimum: 0, description: "The number of the process among those of its template." }),
  port: nullable(Type.Integer({ minimum: 1 }), "What it finds in `PORT`; `null` if its template has no `port`."),
};

export const supervisedStatsSchema = Type.Object(
  { ...placeProperties, ...processProperties },
  { description: "What a process of a template takes." },
);

export const templateStatsSchema = Type.Object(
  {
    name: Type.String(),
    stats: Type.Array(
      Type.Object({
        id: Type.Integer({ minimum: 1, description: "gafferd's own number of the process." }),
        ...placeProperties,
        ...processProperties,
      }),
    ),
    mem: figureSchema,
    max_mem: figureSchema,
    min_mem: figureSchema,
    cpu: figureSchema,
    max_cpu: figureSchema,
    min_cpu: figureSchema,
  },
  { description: "What the running processes of a template take, without their children: sum, greatest and least." },
);

/** What stands for a figure where nothing runs is `"N/A"`. */
export type Figure = Static<typeof figureSchema>;
/** What `/stats/:name/:pid` answers. */
export type SupervisedStatsDocument = ProcessStatsDocument & {
  readonly slot: number;
  readonly port: number | null;
};
export type TemplateStatsDocument = Readonly<Static<typeof templateStatsSchema>>;
