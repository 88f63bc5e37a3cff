import { type Static, Type } from "@sinclair/typebox";
import { gapDocumentSchema, outputDocumentSchema } from "./document-schemas.ts";

const { pid, name, stream } = outputDocumentSchema.properties;
const boot = Type.String({
  description: "The run of gafferd that received the output. A pid belongs to one of them.",
});
const id = Type.String({ description: "The ID after it. Pass it as `since` to `/logs` or to `/streams`." });
const time = (description: string) => Type.String({ format: "date-time", description });

/** A line of `/logs` with `format=json`. */
export const logLineSchema = Type.Object(
  {
    time: time("When its last byte arrived, exact to about 10 ms."),
    name,
    pid,
    boot,
    stream,
    id,
    // No copy of another schema: TypeScript cannot name its type in the declarations of the client.
    data: Type.String({
      description: "The line, without its line end. Bytes that are not valid UTF-8 are replaced by U+FFFD.",
    }),
    partial: Type.Optional(
      Type.Literal(true, {
        description: "The line has no end yet, its end is missing, or the next document continues it.",
      }),
    ),
  },
  { description: "A line of output on disk." },
);

const reasons = ["deleted", "not_kept", "not_written", "damaged", "killed"] as const;

/** A gap of `/logs`, as the data of an event. */
export const logGapSchema = Type.Object(
  {
    time: time("When the output after it was written to disk."),
    name,
    boot,
    id,
    ...gapDocumentSchema.properties,
    reason: Type.Unsafe<(typeof reasons)[number]>({
      type: "string",
      enum: reasons,
      description:
        "`deleted`: `output_keep` has deleted it. `not_kept`: it was written while `output_keep` was not set. `not_written`: the disk was full or too slow. `damaged`: the file is damaged. `killed`: gafferd was killed before it was on disk.",
    }),
  },
  { description: "A gap: output that is not on disk." },
);

const { time: gapTime, name: gapName, boot: gapBoot, id: gapId, ...gap } = logGapSchema.properties;

/** A gap of `/logs` with `format=json`, in a line of its own. */
export const logGapLineSchema = Type.Object(
  { time: gapTime, name: gapName, boot: gapBoot, id: gapId, gap: Type.Object(gap) },
  { description: "A gap: output that is not on disk." },
);

export type LogLineDocument = Static<typeof logLineSchema>;
export type LogGapDocument = Static<typeof logGapSchema>;
export type LogGapLineDocument = Static<typeof logGapLineSchema>;
