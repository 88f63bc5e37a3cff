import { type Static, Type } from "@sinclair/typebox";
import { nullable } from "./nullable.ts";

const time = Type.String({ format: "date-time" });
const state = (description: string) =>
  Type.Unsafe<"active" | "ended" | "idle">({ type: "string", enum: ["active", "ended", "idle"], description });

const leaseMemberSchema = Type.Object({
  kind: Type.Unsafe<"process" | "run">({
    type: "string",
    enum: ["process", "run"],
    description: "`process`: a template of `GET /processes`. `run`: a run of `GET /runs`.",
  }),
  name: Type.String({ description: "The name of the template, or the ID of the run." }),
  lease: Type.Number({ exclusiveMinimum: 0, description: "The duration of the lease, in seconds." }),
  on_lease_end: Type.Unsafe<"stop" | "keep">({
    type: "string",
    enum: ["stop", "keep"],
    description: "What happens when the lease ends.",
  }),
  state: state(
    "`active`: it runs, and the lease is in force. `ended`: the lease has ended; with `stop` it was stopped, with `keep` it still runs. `idle`: it does not run, and its next start begins a lease.",
  ),
  expires_at: nullable(time, "When the lease expires unless it is renewed. `null` unless `state` is `active`."),
});

/** The leases of one owner. */
export const leaseDocumentSchema = Type.Object(
  {
    owner: Type.String({ description: "The name of the owner." }),
    state: state("`active` if any lease is in force, else `ended` if one has ended, else `idle`."),
    expires_at: nullable(time, "When the first of the leases expires. `null` unless `state` is `active`."),
    renewed_at: nullable(time, "When the leases were last renewed by request. `null` if not since gafferd started."),
    connections: Type.Integer({
      minimum: 0,
      description: "The open connections with `?lease=`, which hold the leases.",
    }),
    members: Type.Array(leaseMemberSchema, { description: "What belongs to the owner, in order of creation." }),
  },
  { description: "The leases of an owner." },
);

export type LeaseDocument = Static<typeof leaseDocumentSchema>;
