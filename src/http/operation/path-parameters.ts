import type { Parameter } from "./parameter.ts";

const names = { type: "string", minLength: 1 } as const;
const numbers = { type: "integer", minimum: 0, maximum: Number.MAX_SAFE_INTEGER } as const;

/** `:id`, where a template or one of its processes is meant. */
export const templateOrProcess: Parameter = {
  name: "id",
  description: "The name of a template, or the pid of a process that runs: digits alone are a pid.",
  schema: names,
  examples: ["web:api", "1"],
};

/** `:id`, where a template is meant. */
export const template: Parameter = {
  name: "id",
  description: "The name of a template.",
  schema: names,
  examples: ["web:api"],
};

export const templateName: Parameter = { ...template, name: "name" };

export const pid: Parameter = {
  name: "pid",
  description: "gafferd's own number of a process (1, 2, 3 …), not the kernel's.",
  schema: numbers,
  examples: ["1"],
};

export const amount: Parameter = {
  name: "n",
  description: "How many.",
  schema: numbers,
  examples: ["2"],
};

export const signal: Parameter = {
  name: "sig",
  description: "The name of a signal, with or without `SIG`, or its number.",
  schema: names,
  examples: ["HUP", "SIGHUP", "1"],
};

export const group: Parameter = {
  name: "group",
  description: "What precedes the first colon in the names of its templates.",
  schema: names,
  examples: ["web"],
};

export const label: Parameter = {
  name: "label",
  description: "An output: a name in `redirect_output`.",
  schema: names,
  examples: ["stdout"],
};
