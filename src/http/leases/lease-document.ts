import type { LeaseDocument } from "../../documents/lease-documents.ts";
import { toTimeOrNull } from "../../documents/time.ts";
import type { LeaseOwner } from "../../leases/leased.ts";
import { toSeconds } from "../../template/duration.ts";

export function toLeaseDocument({ expiresAtMs, renewedAtMs, members, ...owner }: LeaseOwner): LeaseDocument {
  return {
    owner: owner.owner,
    state: owner.state,
    expires_at: toTimeOrNull(expiresAtMs),
    renewed_at: toTimeOrNull(renewedAtMs),
    connections: owner.connections,
    members: members.map((member) => ({
      kind: member.kind,
      name: member.name,
      lease: toSeconds(member.leaseMs),
      on_lease_end: member.onLeaseEnd,
      state: member.state,
      expires_at: toTimeOrNull(member.expiresAtMs),
    })),
  };
}
