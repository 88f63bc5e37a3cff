import type { LeaseHold } from "../../leases/leased.ts";
import type { Leases } from "../../leases/leases.ts";
import type { Parameter } from "../operation/parameter.ts";
import { ClientPresence } from "./client-presence.ts";

export const leaseParameter = {
  name: "lease",
  description:
    "The owner of a lease, which is renewed while this connection is open and its client takes what is sent. See `POST /leases/{owner}`.",
  schema: { type: "string", minLength: 1 },
  examples: ["agent-7"],
} as const satisfies Parameter;

/**
 * Holds the lease that a request names while its connection is open. Returns a function to call at its end; undefined if the
 * request names none. Throws `not_found`.
 */
export function holdLease(request: Request, leases: Leases, hold: LeaseHold): (() => void) | undefined {
  const owner = new URL(request.url).searchParams.get(leaseParameter.name);
  return owner === null ? undefined : leases.hold(owner, hold);
}

/** Throws `not_found` if the request names a lease of another owner than `owner`, and there is none. */
export function assertLease(request: Request, leases: Leases, owner: string | undefined): void {
  const named = new URL(request.url).searchParams.get(leaseParameter.name);
  if (named !== null && named !== owner) leases.get(named);
}

/** Holds the lease that a request names until it is answered. Throws `not_found`. */
export async function withLease<T>(request: Request, leases: Leases, answer: () => T): Promise<Awaited<T>> {
  const release = holdLease(request, leases, new ClientPresence());
  try {
    return await answer();
  } finally {
    release?.();
  }
}
