import { Elysia } from "elysia";
import type { Manager } from "../../manager/manager.ts";
import type { SupervisorStatus } from "../../manager/views.ts";
import { toStatusDocument } from "./process-document.ts";
import { EncodingCache } from "../feed/encoding-cache.ts";
import { immediate } from "../quirks/immediate.ts";
import { findTemplate } from "../operation/target.ts";
import type { TextAnswer } from "../operation/text-answer.ts";
import { jsonAnswer } from "../quirks/json-answer.ts";

/** `/status/:name`: the status of a template. */
export function statusRoutes(manager: Manager) {
  return new Elysia({ name: "status" }).get(
    "/status/:name",
    immediate(({ params }: { params: { name: string } }) => answerOf(findTemplate(manager, params.name).status())),
  );
}

/** One answer per status, because dashboards and scripts poll it. */
const answers = new EncodingCache<SupervisorStatus, TextAnswer>();

function answerOf(status: SupervisorStatus): TextAnswer {
  return answers.get(status, () => jsonAnswer(toStatusDocument(status)));
}
