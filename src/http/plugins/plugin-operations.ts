import { json, type OperationTable, ref } from "../operation/operation.ts";

const tag = "daemon";

export const pluginOperations: OperationTable = {
  "GET /_plugin": {
    id: "listPlugins",
    tag,
    summary: "List the installed plugins",
    description: "Plugins with code come first, in the order in which they start. Sites without code follow.",
    answers: json("The installed plugins.", { type: "array", items: ref("Plugin") }, [
      { name: "hello", version: null, description: null, site: "/_plugin/hello/", state: "site" },
    ]),
  },
};
