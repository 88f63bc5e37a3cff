import { Elysia } from "elysia";
import type { Manager } from "../../manager/manager.ts";
import { toStatusDocument } from "../document.ts";
import { immediate } from "../immediate.ts";
import { findTemplate } from "../target.ts";

/** `/status/:name`: how a template stands. */
export function statusRoutes(manager: Manager) {
  return new Elysia({ name: "status" }).get(
    "/status/:name",
    immediate(({ params }: { params: { name: string } }) => toStatusDocument(findTemplate(manager, params.name))),
  );
}
