import { type TSchema, Type } from "@sinclair/typebox";

/** Schema of a value of `schema`, or `null`. */
export function nullable<Schema extends TSchema>(schema: Schema, description: string) {
  return Type.Union([schema, Type.Null()], { description });
}
