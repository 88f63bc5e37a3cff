import { type TSchema, Type } from "@sinclair/typebox";

/** A value of this schema, or `null`. */
export function nullable<Schema extends TSchema>(schema: Schema, description: string) {
  return Type.Union([schema, Type.Null()], { description });
}
