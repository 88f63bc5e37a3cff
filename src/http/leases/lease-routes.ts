import { Elysia } from "elysia";
import { toTimeOrNull } from "../../documents/time.ts";
import type { Leases } from "../../leases/leases.ts";
import { forEachInSlices } from "../../slices.ts";
import { keepOpen } from "../listen/connection.ts";
import { TextAnswer } from "../operation/text-answer.ts";
import { toLeaseDocument } from "./lease-document.ts";

/** `/leases`: the owners of processes, whose leases they renew or end. */
export function leaseRoutes(leases: Leases) {
  return new Elysia({ name: "leases" })
    .get("/leases", async () => {
      const texts: string[] = [];
      await forEachInSlices(leases.list(), (owner) => void texts.push(JSON.stringify(toLeaseDocument(owner))));
      return new TextAnswer(`[${texts.join(",")}]`, { headers: { "content-type": "application/json;charset=utf-8" } });
    })
    .get("/leases/:owner", ({ params }) => toLeaseDocument(leases.get(params.owner)))
    .post(
      "/leases/:owner",
      ({ params }) => ({ ok: true, expires_at: toTimeOrNull(leases.renew(params.owner).expiresAtMs) }),
      { parse: "none" },
    )
    .delete(
      "/leases/:owner",
      async ({ request, params }) => {
        keepOpen(request);
        await leases.end(params.owner);
        return { ok: true };
      },
      { parse: "none" },
    );
}
