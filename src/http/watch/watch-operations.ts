import { feedHeadersDescription } from "../feed/feed-headers.ts";
import { eventTypes } from "../../events/event.ts";
import { lastEventIdHeader } from "../feed/feed-query.ts";
import { watchParameters } from "./watch-routes.ts";
import { media, type OperationDescription, type OperationTable, ref } from "../operation/operation.ts";
import { templateName } from "../operation/path-parameters.ts";

const example = `event: spawn
data: {"event":"spawn","name":"web:api","pid":1,"os_pid":4711,"slot":0,"detached":false,"time":"2026-01-31T12:00:00.000Z","seq":100}
id: r5k2x-2s

`;

const watching = {
  tag: "events",
  query: Object.values(watchParameters),
  headers: [{ ...lastEventIdHeader, examples: ["r5k2x-2s"] }],
  answers: {
    200: {
      description: `Events, in the form selected by \`feed\`: one event, or a stream. ${feedHeadersDescription}`,
      headers: {
        "X-Gaffer-Next": { $ref: "#/components/headers/X-Gaffer-Next" },
        "X-Gaffer-Gap": { $ref: "#/components/headers/X-Gaffer-Gap" },
      },
      content: {
        "application/json": media({ ...ref("Event"), description: "`feed=longpoll`: one event." }),
        "application/x-ndjson": media({
          description: "`feed=continuous`: one line per event or gap.",
          anyOf: [ref("Event"), { type: "object", required: ["gap"], properties: { gap: ref("EventGap") } }],
        }),
        "text/event-stream": {
          ...media({ type: "string", description: "`feed=eventsource`: server-sent events." }, example),
          "x-event-data": { "*": ref("Event"), gap: ref("EventGap") },
        },
      },
    },
    204: {
      description: "A `longpoll` request received no event within the `heartbeat` time.",
      headers: {
        "X-Gaffer-Next": { $ref: "#/components/headers/X-Gaffer-Next" },
        "X-Gaffer-Gap": { $ref: "#/components/headers/X-Gaffer-Gap" },
      },
    },
  },
  errors: ["bad_value", "not_found", "overloaded"],
  curl: { options: "-N", query: "feed=eventsource" },
} as const satisfies Partial<OperationDescription>;

const pattern = {
  ...watching,
  errors: ["bad_value", "not_found", "bad_event_type", "overloaded"],
} as const satisfies Partial<OperationDescription>;

const types = eventTypes.map((type) => `\`${type}\``).join(", ");
const proc = {
  name: "p1",
  description: "Always `proc`: events of one template.",
  schema: { const: "proc" },
  examples: ["proc"],
} as const;
const name = { ...templateName, name: "p2" };

export const eventOperations: OperationTable = {
  "GET /watch": { ...watching, id: "watch", summary: "Watch all events" },
  "GET /watch/:p1": {
    ...pattern,
    id: "watchPattern",
    summary: "Watch events of one type or one template",
    path: [
      {
        name: "p1",
        description: `An event type (${types}), \`proc.NAME\`, \`proc.NAME.TYPE\`, or \`.\` for all events.`,
        schema: { type: "string", minLength: 1 },
        examples: ["spawn", "proc.web:api", "proc.web:api.exit"],
      },
    ],
  },
  "GET /watch/:p1/:p2": {
    ...pattern,
    id: "watchTemplate",
    summary: "Watch events of one template",
    path: [proc, name],
  },
  "GET /watch/:p1/:p2/:p3": {
    ...pattern,
    id: "watchTemplateKind",
    summary: "Watch events of one type of one template",
    path: [
      proc,
      name,
      {
        name: "p3",
        description: "An event type.",
        schema: { type: "string", enum: eventTypes },
        examples: ["spawn", "exit"],
      },
    ],
  },
};
