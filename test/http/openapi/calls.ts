import type { ParameterObject } from "../../../src/http/operation/openapi-document.ts";
import type { Described } from "./described.ts";

/** A request that tests an operation. */
export interface Call {
  /** Path and query. */
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The values of the test daemon that replace the examples of the document. */
export interface Stage {
  /** Replaces `web:api`. */
  readonly name: string;
  readonly pid: number;
}

/** One call with the first examples, and one for each other example of a path parameter. */
export function plainCalls(described: Described, stage: Stage): Call[] {
  return pathsOf(described, stage).map((path) => toCall(described, stage, { path }));
}

function pathsOf({ operation }: Described, stage: Stage): Record<string, string>[] {
  const ofPath = (operation.parameters ?? []).filter((parameter) => parameter.in === "path");
  const others = ofPath.flatMap((parameter) =>
    examplesOf(parameter)
      .slice(1)
      .map((example) => ({ [parameter.name]: onStage(example, stage) })),
  );
  return [{}, ...others];
}

/** The same calls, with each example of each other parameter. */
export function parameterCalls(described: Described, stage: Stage): Call[] {
  return pathsOf(described, stage).flatMap((path) =>
    (described.operation.parameters ?? []).flatMap((parameter) => {
      if (parameter.in === "path") return [];
      return examplesOf(parameter).map((example) =>
        toCall(described, stage, { path, [parameter.in]: { [parameter.name]: example } }),
      );
    }),
  );
}

/** Invalid calls: one for each path parameter, one for each other parameter, and one for each invalid body. */
export function wrongCalls(described: Described, stage: Stage): Call[] {
  const { parameters = [], requestBody } = described.operation;
  const ofParameters = parameters.flatMap((parameter) => {
    // No process has the pid 999. For `n`, 999 would be valid, and slow.
    const numbers = parameter.name === "n" ? ["999999", "-1", "1.5"] : ["999", "-1", "1.5"];
    const values = parameter.in === "path" ? ["none", ...numbers, "%ff"] : ["wrong!"];
    return values.map((value) => toCall(described, stage, { [parameter.in]: { [parameter.name]: value } }));
  });
  const bodies =
    requestBody === undefined
      ? []
      : [
          "{",
          "[]",
          "{}",
          '{"cmd":"/no/such/program"}',
          '{"name":"1","cmd":"true"}',
          '{"name":"web:api","cmd":"true"}',
          " ".repeat(1024 * 1024 + 1),
        ];
  const unspawnable = { name: "broken:other", cmd: "/no/such/program" };
  return [
    ...ofParameters,
    ...bodies.map((body) => ({ ...toCall(described, stage), body })),
    ...(requestBody === undefined ? [] : [{ ...toCall(described, stage), body: JSON.stringify(unspawnable) }]),
    ...(requestBody === undefined
      ? []
      : [{ ...toCall(described, stage), body: JSON.stringify({ ...unspawnable, name: stage.name }) }]),
    { ...toCall(described, stage), headers: { origin: "http://evil.example" } },
  ];
}

interface Values {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly header?: Readonly<Record<string, string>>;
}

export function toCall({ method, path, operation }: Described, stage: Stage, values: Values = {}): Call {
  const { parameters = [], requestBody } = operation;
  const filled = path.replaceAll(/\{(\w+)\}/g, (part, name: string) => {
    const given = values.path?.[name];
    if (given !== undefined) return given === "%ff" ? given : encodeURIComponent(given);
    const parameter = parameters.find((each) => each.in === "path" && each.name === name);
    return parameter === undefined ? part : encodeURIComponent(onStage(examplesOf(parameter)[0] ?? "", stage));
  });
  // Requests must not wait long. A stream begins immediately, even if it pauses later.
  const mayWait = parameters.some(({ name }) => name === "heartbeat");
  const shortHeartbeat = mayWait ? { heartbeat: "0.1" } : {};
  const feed = values.query?.["heartbeat"] === undefined ? {} : { feed: "eventsource" };
  const query = new URLSearchParams({ ...shortHeartbeat, ...feed, ...values.query }).toString();
  const example = Object.values(requestBody?.content ?? {})[0]?.example;
  return {
    method,
    path: `${filled}${query === "" ? "" : `?${query}`}`,
    headers: values.header ?? {},
    ...(example === undefined ? {} : { body: typeof example === "string" ? example : JSON.stringify(example) }),
  };
}

function examplesOf({ examples }: ParameterObject): string[] {
  return Object.values(examples).map(({ value }) => String(value));
}

/** In the examples, `1` is a process of the template `web:api` in the group `web`. */
function onStage(example: string, { name, pid }: Stage): string {
  if (example === "1") return String(pid);
  // A run with the same settings as the template.
  if (example === "build-42") return name;
  if (example === "web") return name.slice(0, name.indexOf(":"));
  return example.replace("web:api", name);
}
