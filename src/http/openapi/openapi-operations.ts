import { json, type OperationTable, text } from "../operation/operation.ts";

const tag = "daemon";

export const openapiOperations: OperationTable = {
  "GET /openapi.json": {
    id: "getOpenapi",
    tag,
    summary: "Get the OpenAPI document",
    answers: json("The OpenAPI 3.1 document of this API.", {
      type: "object",
      required: ["openapi", "info", "paths"],
      properties: { openapi: { type: "string" }, info: { type: "object" }, paths: { type: "object" } },
      additionalProperties: true,
    }),
  },
  "GET /docs": {
    id: "getDocs",
    tag,
    summary: "Get the API documentation",
    answers: text("The API documentation as a self-contained page.", "text/html"),
  },
};
