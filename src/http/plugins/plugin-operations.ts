import { json, type OperationTable, ref } from "../operation/operation.ts";

const tag = "daemon";

export const pluginOperations: OperationTable = {
  "GET /_plugin": {
    id: "listPlugins",
    tag,
    summary: "The plugins that are installed",
    description: "Those with code in the order in which they start, then sites.",
    answers: json("All of them.", { type: "array", items: ref("Plugin") }, [
      { name: "hello", version: null, description: null, site: "/_plugin/hello/", state: "site" },
    ]),
  },
};
