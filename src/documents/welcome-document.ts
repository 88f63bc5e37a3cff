import { type Static, Type } from "@sinclair/typebox";
import { nullable } from "./nullable.ts";

/** The answer to `GET /`. */
export const welcomeDocumentSchema = Type.Object(
  {
    welcome: Type.Literal("gaffer", { description: "Always `gaffer`; clients of gaffer check this value." }),
    version: Type.String({ description: "The version of gafferd." }),
    docs: Type.String({ description: "The path of the API documentation." }),
    openapi: Type.String({ description: "The path of the OpenAPI document." }),
    dashboard: nullable(Type.String(), "The path of the dashboard. `null` if it is not installed."),
  },
  { description: "Identifies the server, and links to the documentation and the dashboard." },
);

export type WelcomeDocument = Static<typeof welcomeDocumentSchema>;
