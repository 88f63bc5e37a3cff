import { Type } from "@sinclair/typebox";

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
