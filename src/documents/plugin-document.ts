import { type Static, Type } from "@sinclair/typebox";

/** A plugin, as `GET /_plugin/` tells of it. */
export const pluginDocumentSchema = Type.Object(
  {
    name: Type.String(),
    version: Type.Union([Type.String(), Type.Null()], { description: "Null for a site alone." }),
    description: Type.Union([Type.String(), Type.Null()], { description: "Null for a site alone." }),
    site: Type.Union([Type.String(), Type.Null()], { description: "The path of its site; null when it has none." }),
    state: Type.Union(
      (["running", "stopped", "failed", "site"] as const).map((state) => Type.Literal(state)),
      { description: "`failed` when it could not be started anew; `site` when it has no code." },
    ),
  },
  { title: "Plugin" },
);

export type PluginDocument = Static<typeof pluginDocumentSchema>;
