import { Type } from "@sinclair/typebox";
import type { TemplateProblem } from "./problem.ts";
import { showValue } from "./expectation.ts";
import { invalid } from "./text-values.ts";

/** The settings of a template about its owner. Part of `templateSchema`. */
export const leaseProperties = {
  owner: Type.Optional(
    Type.Union([Type.String({ minLength: 1, maxLength: 64 }), Type.Null()], {
      title: "1 to 64 letters, digits and `_ . : @ + -`, beginning with a letter or a digit",
      description:
        "The program or person that the processes belong to. Its lease must be renewed with `POST /leases/OWNER`, or kept by a connection with `?lease=OWNER`; when it ends, `on_lease_end` applies. Requires `lease`. Default: no owner.",
    }),
  ),
  lease: Type.Optional(
    Type.Union([Type.Number({ minimum: 0 }), Type.String(), Type.Null()], {
      title: "seconds (7, 0.5) or a number with a unit (500ms, 30s, 5m, 1h)",
      description:
        "How long the processes run after their start or after the last renewal of the lease. Requires `owner`. Default: no lease.",
    }),
  ),
  on_lease_end: Type.Optional(
    Type.Union([Type.Literal("stop"), Type.Literal("keep"), Type.Null()], {
      description:
        "What happens when the lease ends. `stop`: the template is stopped, as by `_stop`. `keep`: it keeps running.",
      default: "stop",
    }),
  ),
};

/** What happens to the processes of an owner whose lease has ended. */
export type LeaseEndPolicy = "stop" | "keep";

const ownerPattern = /^[A-Za-z0-9][\w.:@+-]{0,63}$/;

/** Throws `invalid_process_info`. */
export function checkOwner(owner: string): string {
  if (ownerPattern.test(owner)) return owner;
  const { title } = leaseProperties.owner;
  throw invalid(`must be ${title}, not ${showValue(owner)}`);
}

/** What is wrong with the lease of converted values. `given` has the keys as they were written. */
export function findLeaseProblems(
  values: { readonly lease?: number; readonly detach?: boolean; readonly on_host_exit?: "kill" | "keep" },
  given: Readonly<Record<string, unknown>>,
): TemplateProblem[] {
  const hasOwner = given["owner"] != null;
  const hasLease = given["lease"] != null;
  if (!hasOwner && hasLease) return [{ field: "lease", message: "must not be set without `owner`, who renews it" }];
  if (!hasOwner && given["on_lease_end"] === "keep") {
    return [{ field: "on_lease_end", message: "must not be set without `owner` and `lease`" }];
  }
  if (!hasOwner) return [];
  if (!hasLease) return [{ field: "owner", message: "must not be set without `lease`, its duration (lease = 60s)" }];
  if (values.lease === 0) return [{ field: "lease", message: "must be more than 0" }];
  if (values.detach) {
    return [{ field: "owner", message: "must not be set with `detach`: gafferd does not stop detached processes" }];
  }
  if (values.on_host_exit !== "keep") return [];
  return [
    { field: "owner", message: "must not be set with `on_host_exit = keep`: such processes may outlive any lease" },
  ];
}
