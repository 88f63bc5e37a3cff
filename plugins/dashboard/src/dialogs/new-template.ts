import type { TemplateBody } from "gafferd/client";

/** The content of the form, as typed. */
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
  /** Undefined if the error does not belong to a field. */
  readonly field: Field | undefined;
  readonly message: string;
}

/**
 * Converts the form to the body of the request: converts types and leaves out empty fields. The daemon does all further
 * validation.
 */
export function toBody(draft: Draft): TemplateBody | FieldError {
  const { cwd, env, numprocesses, redirect_output, more, ...rest } = draft;
  const others = more.trim() === "" ? {} : parseObject(more);
  if (others === undefined) return { field: "more", message: 'must be a JSON object, such as {"priority": 1}' };
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

/** The form field for an error at `path`, such as `env.KEY`. */
export function toField(path: string | undefined): Field | undefined {
  const key = /^[a-z_]+/.exec(path ?? "")?.[0];
  if (key === undefined) return undefined;
  return key in emptyDraft ? (key as Field) : "more";
}

/** Text that is not a number is sent unchanged, and the daemon rejects it. */
function toNumber(text: string): number | string {
  return Number.isNaN(Number(text)) ? text : Number(text);
}

/** Parses one `KEY=value` per line. A line without `=` is an empty variable. */
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
