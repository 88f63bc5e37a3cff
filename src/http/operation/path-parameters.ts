import type { Parameter } from "./parameter.ts";

const names = { type: "string", minLength: 1 } as const;
const numbers = { type: "integer", minimum: 0, maximum: Number.MAX_SAFE_INTEGER } as const;

/** `:id` of routes that accept a template or a process. */
export const templateOrProcess: Parameter = {
  name: "id",
  description: "The name of a template, or the pid of a running process. A value of digits only is a pid.",
  schema: names,
  examples: ["web:api", "1"],
};

/** `:id` of routes that accept only a template. */
export const template: Parameter = {
  name: "id",
  description: "The name of a template.",
  schema: names,
  examples: ["web:api"],
};

export const templateName: Parameter = { ...template, name: "name" };

export const pid: Parameter = {
  name: "pid",
  description: "The ID that gafferd gave the process (1, 2, 3 …), not the kernel's process ID.",
  schema: numbers,
  examples: ["1"],
};

export const amount: Parameter = {
  name: "n",
  description: "The number of processes.",
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
  description: "The name of the group: the part of the template names before the first colon.",
  schema: names,
  examples: ["web"],
};

export const label: Parameter = {
  name: "label",
  description: "The label of an output, from `redirect_output`.",
  schema: names,
  examples: ["stdout"],
};
