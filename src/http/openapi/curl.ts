import type { OperationDescription } from "../operation/operation.ts";

const address = "localhost:5000";

/** `curl -X PUT -d '{…}' localhost:5000/processes/web:api`, with the first example of each parameter. */
export function curlOf(method: string, path: string, { body, curl, ...description }: OperationDescription): string {
  const implied = body === undefined ? "GET" : "POST";
  const query = curl?.query === undefined ? "" : `?${curl.query}`;
  const words = [
    "curl",
    ...(method === implied ? [] : [method === "HEAD" ? "-I" : `-X ${method}`]),
    ...(curl?.options === undefined ? [] : [curl.options]),
    ...(body === undefined ? [] : [`-d ${quote(toText(body.example))}`]),
    quote(`${address}${examplePath(path, description)}${query}`),
  ];
  return words.join(" ");
}

/** Fills in a path: `/processes/:id` becomes `/processes/web:api`. */
function examplePath(path: string, { path: parameters = [] }: Pick<OperationDescription, "path">): string {
  return path.replaceAll(/:(\w+)/g, (part, name) => parameters.find((each) => each.name === name)?.examples[0] ?? part);
}

function toText(example: unknown): string {
  return typeof example === "string" ? example : JSON.stringify(example);
}

/** Quotes a text so that a shell reads it as one word. */
function quote(text: string): string {
  return /^[\w:/.-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
