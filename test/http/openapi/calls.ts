import type { ParameterObject } from "../../../src/http/operation/openapi-document.ts";
import type { Described } from "./described.ts";

/** A request that an operation is tried with. */
export interface Call {
  /** With its query. */
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What the examples of the document stand for at a daemon of the test. */
export interface Stage {
  /** `web:api`. */
  readonly name: string;
  readonly pid: number;
}

/** One with the first examples, and one for each other example of a part of the path. */
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

/** Those, with each example of each other parameter. */
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

/** One for each part of the path, and for each parameter, that is not what it must be; and what a body must not be. */
export function wrongCalls(described: Described, stage: Stage): Call[] {
  const { parameters = [], requestBody } = described.operation;
  const ofParameters = parameters.flatMap((parameter) => {
    // Of processes to add or to remove there may be 999, which take their time; there is no such pid.
    const numbers = parameter.name === "n" ? ["999999", "-1", "1.5"] : ["999", "-1", "1.5"];
    const values = parameter.in === "path" ? ["none", ...numbers, "%ff"] : ["wrong!"];
    return values.map((value) => toCall(described, stage, { [parameter.in]: { [parameter.name]: value } }));
  });
  const bodies =
    requestBody === undefined
      ? []
      : ["{", "[]", "{}", '{"name":"1","cmd":"true"}', '{"name":"web:api","cmd":"true"}', " ".repeat(1024 * 1024 + 1)];
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
  // Nothing is to wait for long; a stream begins at once, however long it is silent later.
  const mayWait = parameters.some(({ name }) => name === "heartbeat");
  const patience = mayWait ? { heartbeat: "0.1" } : {};
  const haste = values.query?.["heartbeat"] === undefined ? {} : { feed: "eventsource" };
  const query = new URLSearchParams({ ...patience, ...haste, ...values.query }).toString();
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

/** `1` is a process of the template `web:api` of the group `web`, wherever an example names one of them. */
function onStage(example: string, { name, pid }: Stage): string {
  if (example === "1") return String(pid);
  if (example === "web") return name.slice(0, name.indexOf(":"));
  return example.replace("web:api", name);
}
