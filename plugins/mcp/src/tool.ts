import type { z } from "zod";
import type { Api } from "./api.ts";

export type Shape = Readonly<Record<string, z.ZodType>>;

export interface ToolContext {
  readonly api: Api;
  /** Aborted when the client cancels the call. */
  readonly signal: AbortSignal;
}

/** A tool: its arguments, and what it does. Rejects with an error whose message the model gets. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  readonly input: Shape;
  /** Changes nothing. */
  readonly isReadOnly: boolean;
  /** Calling it twice does the same as calling it once. */
  readonly isIdempotent: boolean;
  call(args: unknown, context: ToolContext): Promise<string>;
}

interface ToolDefinition<Input extends Shape> extends Omit<Tool, "call" | "input" | "isReadOnly" | "isIdempotent"> {
  readonly input: Input;
  readonly isReadOnly?: boolean;
  readonly isIdempotent?: boolean;
  readonly call: (args: z.infer<z.ZodObject<Input>>, context: ToolContext) => Promise<string>;
}

/** Defines a tool with the types of its arguments. */
export function defineTool<Input extends Shape>(definition: ToolDefinition<Input>): Tool {
  const { isReadOnly = false, isIdempotent = isReadOnly, call } = definition;
  // The SDK has checked them.
  return { ...definition, isReadOnly, isIdempotent, call: call as Tool["call"] };
}
