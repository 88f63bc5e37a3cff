import { type Static, Type } from "@sinclair/typebox";
import { nullable } from "./nullable.ts";

/** A plugin, as `GET /_plugin/` tells of it. */
export const pluginDocumentSchema = Type.Object(
  {
    name: Type.String(),
    version: nullable(Type.String(), "Null for a site alone."),
    description: nullable(Type.String(), "Null for a site alone."),
    site: nullable(Type.String(), "The path of its site; null when it has none."),
    state: Type.Union(
      (["running", "stopped", "failed", "site"] as const).map((state) => Type.Literal(state)),
      { description: "`failed` when it could not be started anew; `site` when it has no code." },
    ),
  },
  { title: "Plugin" },
);

export type PluginDocument = Static<typeof pluginDocumentSchema>;
