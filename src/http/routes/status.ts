import { Elysia } from "elysia";
import type { Manager } from "../../manager/manager.ts";
import { toStatusDocument } from "../document.ts";
import { findTemplate } from "../target.ts";

/** `/status/:name`: how a template stands. */
export function statusRoutes(manager: Manager) {
  return new Elysia({ name: "status" }).get("/status/:name", ({ params }) =>
    toStatusDocument(findTemplate(manager, params.name)),
  );
}
