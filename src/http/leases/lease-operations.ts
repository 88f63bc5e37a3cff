import { json, ok, type OperationDescription, type OperationTable, ref } from "../operation/operation.ts";
import type { Parameter } from "../operation/parameter.ts";

const owner: Parameter = {
  name: "owner",
  description: "The name of an owner: the setting `owner` of a template.",
  schema: { type: "string", minLength: 1 },
  examples: ["agent-7"],
};

const one = {
  tag: "leases",
  path: [owner],
  errors: ["bad_value", "not_found"],
} as const satisfies Partial<OperationDescription>;

export const leaseOperations: OperationTable = {
  "GET /leases": {
    id: "listLeases",
    tag: "leases",
    summary: "List owners and their leases",
    answers: json("All owners, in order of creation.", { type: "array", items: ref("Lease") }),
  },
  "GET /leases/:owner": {
    ...one,
    id: "getLease",
    summary: "Get the leases of an owner",
    answers: json("The leases of the owner.", ref("Lease")),
  },
  "POST /leases/:owner": {
    ...one,
    id: "renewLease",
    summary: "Renew the leases of an owner",
    description:
      "Everything of the owner that runs gets its whole `lease` again, from now on. Something that kept running after the end of its lease gets a lease again. If everything was stopped because the lease has ended, the response is `410 gone`, so that the owner knows.",
    answers: ok(
      "The leases were renewed. `expires_at` is when the first of them expires; `null` if nothing of the owner runs.",
      { expires_at: { anyOf: [{ type: "string", format: "date-time" }, { type: "null" }] } },
      { expires_at: "2026-01-31T12:01:00.000Z" },
    ),
    errors: ["bad_value", "not_found", "gone"],
  },
  "DELETE /leases/:owner": {
    ...one,
    id: "endLease",
    summary: "End the leases of an owner now",
    description:
      "Does what happens when the leases expire: processes with `on_lease_end = stop` are stopped. The response is sent when they have exited. Open connections with `?lease=` do not prevent it.",
    answers: ok("The leases have ended."),
  },
};
