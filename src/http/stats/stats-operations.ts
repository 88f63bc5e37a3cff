import { feedHeadersDescription } from "../feed/feed-headers.ts";
import { statsParameters } from "./stats-routes.ts";
import { media, type OperationDescription, type OperationTable, ref } from "../operation/operation.ts";
import { pid, templateName } from "../operation/path-parameters.ts";

const sampling = {
  tag: "stats",
  query: Object.values(statsParameters),
  curl: { options: "-N", query: "feed=eventsource&interval=5" },
} as const satisfies Partial<OperationDescription>;
const sampled = (schema: ReturnType<typeof ref>) => ({
  200: {
    description: `One sample, or a stream of samples. ${feedHeadersDescription}`,
    content: {
      "application/json": media({ ...schema, description: "Without `feed`, or with `feed=longpoll`." }),
      "application/x-ndjson": media({ ...schema, description: "`feed=continuous`: one line per sample." }),
      "text/event-stream": {
        ...media({ type: "string", description: "`feed=eventsource`: one `stats` event per sample." }),
        "x-event-data": { stats: schema },
      },
    },
  },
});

export const statsOperations: OperationTable = {
  "GET /stats": {
    ...sampling,
    id: "listStats",
    summary: "Get the resource usage of all templates",
    answers: sampled({ type: "array", items: ref("TemplateStats") }),
    errors: ["bad_value", "not_found", "overloaded"],
  },
  "GET /stats/:name": {
    ...sampling,
    id: "getTemplateStats",
    summary: "Get the resource usage of a template",
    path: [templateName],
    answers: sampled(ref("TemplateStats")),
    errors: ["bad_value", "not_found", "overloaded"],
  },
  "GET /stats/:name/:pid": {
    ...sampling,
    id: "getProcessStats",
    summary: "Get the resource usage of a process and its child processes",
    path: [templateName, pid],
    answers: sampled(ref("SupervisedStats")),
    errors: ["bad_value", "not_found", "overloaded"],
  },
};
