import { json, type OperationTable, text } from "../operation/operation.ts";

const tag = "daemon";

export const openapiOperations: OperationTable = {
  "GET /openapi.json": {
    id: "getOpenapi",
    tag,
    summary: "This description",
    answers: json("An OpenAPI 3.1 document.", {
      type: "object",
      required: ["openapi", "info", "paths"],
      properties: { openapi: { type: "string" }, info: { type: "object" }, paths: { type: "object" } },
      additionalProperties: true,
    }),
  },
  "GET /docs": {
    id: "getDocs",
    tag,
    summary: "This description for people",
    answers: text("A page that needs nothing from elsewhere.", "text/html"),
  },
};
