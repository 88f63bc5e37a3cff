import { feedManners } from "../feed/feed-headers.ts";
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
    description: `A sample, or as many as come. ${feedManners}`,
    content: {
      "application/json": media({ ...schema, description: "Without `feed`." }),
      "application/x-ndjson": media({ ...schema, description: "`feed=continuous`, a line for each." }),
      "text/event-stream": {
        ...media({ type: "string", description: "`feed=eventsource`: events `stats`." }),
        "x-event-data": { stats: schema },
      },
    },
  },
});

export const statsOperations: OperationTable = {
  "GET /stats": {
    ...sampling,
    id: "listStats",
    summary: "What all templates take",
    answers: sampled({ type: "array", items: ref("TemplateStats") }),
    errors: ["bad_value", "overloaded"],
  },
  "GET /stats/:name": {
    ...sampling,
    id: "getTemplateStats",
    summary: "What a template takes",
    path: [templateName],
    answers: sampled(ref("TemplateStats")),
    errors: ["bad_value", "not_found", "overloaded"],
  },
  "GET /stats/:name/:pid": {
    ...sampling,
    id: "getProcessStats",
    summary: "What a process takes, and those that it has started",
    path: [templateName, pid],
    answers: sampled(ref("SupervisedStats")),
    errors: ["bad_value", "not_found", "overloaded"],
  },
};
