import type { TemplateBody } from "gafferd/client";

/** What the form holds, as it was typed. */
export interface Draft {
  readonly name: string;
  readonly cmd: string;
  readonly cwd: string;
  readonly env: string;
  readonly numprocesses: string;
  readonly restart: string;
  readonly redirect_output: string;
  readonly redirect_input: boolean;
  readonly shell: boolean;
  readonly start: boolean;
  /** All other settings, as JSON. */
  readonly more: string;
}

export type Field = keyof Draft;

export const emptyDraft: Draft = {
  name: "",
  cmd: "",
  cwd: "",
  env: "",
  numprocesses: "1",
  restart: "always",
  redirect_output: "out, err",
  redirect_input: false,
  shell: false,
  start: true,
  more: "",
};

export interface FieldError {
  /** Undefined: it is no field's. */
  readonly field: Field | undefined;
  readonly message: string;
}

/**
 * The body to post. What is a template and what is not is the daemon's to say: this only gives the texts their types, and
 * leaves out what is empty.
 */
export function toBody(draft: Draft): TemplateBody | FieldError {
  const { cwd, env, numprocesses, redirect_output, more, ...rest } = draft;
  const others = more.trim() === "" ? {} : parseObject(more);
  if (others === undefined) return { field: "more", message: 'is no JSON object, such as {"priority": 1}' };
  const body = {
    ...rest,
    ...(cwd.trim() !== "" && { cwd: cwd.trim() }),
    ...(env.trim() !== "" && { env: parseEnvironment(env) }),
    ...(numprocesses.trim() !== "" && { numprocesses: toNumber(numprocesses.trim()) }),
    ...(redirect_output.trim() !== "" && { redirect_output }),
    ...others,
  };
  return body as TemplateBody;
}

/** Where the form shows what the daemon says of `path`, such as `env.KEY`. */
export function toField(path: string | undefined): Field | undefined {
  const key = /^[a-z_]+/.exec(path ?? "")?.[0];
  if (key === undefined) return undefined;
  return key in emptyDraft ? (key as Field) : "more";
}

/** A text that is no number is sent as it is, for the daemon to refuse. */
function toNumber(text: string): number | string {
  return Number.isNaN(Number(text)) ? text : Number(text);
}

/** `KEY=value` on each line. A line without `=` is a variable that is empty. */
function parseEnvironment(text: string): Record<string, string> {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const pairs = lines.map((line): [string, string] => {
    const [key = "", ...value] = line.split("=");
    return [key.trim(), value.join("=")];
  });
  return Object.fromEntries(pairs);
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
