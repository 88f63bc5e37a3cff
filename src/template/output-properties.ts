import { Type } from "@sinclair/typebox";

/** The smallest `size` and `age` of `output_keep`. */
export const minKeepBytes = 1024 * 1024;
export const minKeepMs = 60_000;

/** The smallest `size` of `output_rotate`, and the number of old files that it keeps. */
export const minRotateBytes = 4096;
export const defaultRotated = 5;
export const maxRotated = 1000;

/** The settings of a template about how much of its output is kept, and where. Part of `templateSchema`. */
export const outputProperties = {
  output_buffer: Type.Optional(
    Type.Union([Type.Integer({ minimum: 4096, maximum: 1024 ** 3 }), Type.String(), Type.Null()], {
      title: "a size from 4k to 1g: bytes (65536) or a number with a unit (64k, 1m, 1g)",
      description: "The size of the output buffer in bytes, for each label of each process.",
      default: 1024 ** 2,
    }),
  ),
  output_keep: Type.Optional(
    Type.Union(
      [
        Type.Object(
          {
            size: Type.Optional(
              Type.Union([Type.Integer({ minimum: minKeepBytes }), Type.String(), Type.Null()], {
                description: "The oldest output is deleted beyond this size.",
              }),
            ),
            age: Type.Optional(
              Type.Union([Type.Number({ exclusiveMinimum: 0 }), Type.String(), Type.Null()], {
                description: "Output that is older than this is deleted.",
              }),
            ),
          },
          { additionalProperties: false },
        ),
        Type.String(),
        Type.Literal(false),
        Type.Null(),
      ],
      {
        title: "a size (64m), an age (7d), both (64m, 7d), an object of these, or false",
        description:
          "How much output is kept on disk, in `state_dir`, beyond what is in the output buffer: a size, an age, or both. Streams read it where the buffer no longer has it, also after gafferd was restarted. Default: none.",
      },
    ),
  ),
  output_file: Type.Optional(
    Type.Union([Type.String({ minLength: 1 }), Type.Null()], {
      title: "an absolute path, in which %n, %p and %l are replaced",
      description:
        "A file to which the output is appended. `%n` is the name of the template, `%p` the pid (gafferd's own), `%l` the label, and `%%` a percent sign. Default: no file.",
    }),
  ),
  output_rotate: Type.Optional(
    Type.Union(
      [
        Type.Object(
          {
            size: Type.Union([Type.Integer({ minimum: minRotateBytes }), Type.String()], {
              description: "The file is renamed before it would exceed this size.",
            }),
            keep: Type.Optional(
              Type.Union([Type.Integer({ minimum: 1, maximum: maxRotated }), Type.Null()], {
                description: "How many old files are kept. `FILE.1` is the newest.",
                default: defaultRotated,
              }),
            ),
          },
          { additionalProperties: false },
        ),
        Type.String(),
        Type.Null(),
      ],
      {
        title: "size, keep (10m, 5), or an object of these",
        description:
          "When `output_file` is rotated: `10m, 5` renames it before it exceeds 10 MiB and keeps 5 old files. Default: never; another program may rotate it and send SIGUSR1 to gafferd.",
      },
    ),
  ),
  output_to: Type.Optional(
    Type.Union([Type.Literal("stdout"), Type.Null()], {
      description: "`stdout`: the output is also written to gafferd's own stdout, unchanged. Default: it is not.",
    }),
  ),
};
