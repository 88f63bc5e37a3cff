import { type Static, Type } from "@sinclair/typebox";
import { nullable } from "./nullable.ts";

/** What `GET /` answers. */
export const welcomeDocumentSchema = Type.Object(
  {
    welcome: Type.Literal("gaffer", { description: "The name that gaffer's clients look for." }),
    version: Type.String({ description: "The version of gafferd." }),
    docs: Type.String({ description: "The path of the page that describes all routes." }),
    openapi: Type.String({ description: "The path of the OpenAPI document." }),
    dashboard: nullable(Type.String(), "The path of the dashboard; `null` when none is installed."),
  },
  { description: "Who answers, and where to go next." },
);

export type WelcomeDocument = Static<typeof welcomeDocumentSchema>;
