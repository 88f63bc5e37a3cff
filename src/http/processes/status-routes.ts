import { Elysia } from "elysia";
import type { Manager } from "../../manager/manager.ts";
import type { SupervisorStatus } from "../../manager/views.ts";
import { toStatusDocument } from "./process-document.ts";
import { EncodedOnce } from "../feed/encoded-once.ts";
import { immediate } from "../quirks/immediate.ts";
import { JsonText } from "../quirks/json-answer.ts";
import { findTemplate } from "../operation/target.ts";

/** `/status/:name`: how a template stands. */
export function statusRoutes(manager: Manager) {
  return new Elysia({ name: "status" }).get(
    "/status/:name",
    immediate(({ params }: { params: { name: string } }) => textOf(findTemplate(manager, params.name).status())),
  );
}

/** Dashboards and scripts ask again and again. */
const texts = new EncodedOnce<SupervisorStatus, JsonText>();

function textOf(status: SupervisorStatus): JsonText {
  return texts.get(status, () => new JsonText(toStatusDocument(status)));
}
