import { type Static, Type } from "@sinclair/typebox";
import { nullable } from "./nullable.ts";

/** A plugin in the answer to `GET /_plugin`. */
export const pluginDocumentSchema = Type.Object(
  {
    name: Type.String({ description: "The name of the plugin." }),
    version: nullable(Type.String(), "`null` if the plugin is only a site, without code."),
    description: nullable(Type.String(), "`null` if the plugin is only a site, without code."),
    site: nullable(Type.String(), "The path of the plugin's site. `null` if it has none."),
    state: Type.Union(
      (["running", "stopped", "failed", "site"] as const).map((state) => Type.Literal(state)),
      {
        description:
          "The state of the plugin. `failed`: it could not be restarted. `site`: it has no code, so nothing runs.",
      },
    ),
  },
  { title: "Plugin", description: "An installed plugin." },
);

export type PluginDocument = Static<typeof pluginDocumentSchema>;
