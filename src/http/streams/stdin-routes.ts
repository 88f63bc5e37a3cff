import { Elysia } from "elysia";
import { GafferdError } from "../../errors.ts";
import { stdinOf } from "../../manager/input.ts";
import type { Manager } from "../../manager/manager.ts";
import type { SupervisedProcess } from "../../manager/views.ts";
import { keepOpen } from "../listen/connection.ts";
import { flag, type ReadableParameter } from "../operation/parameter.ts";
import { parseWhole } from "../operation/query.ts";
import { findOneProcess } from "../operation/target.ts";
import { writeBody } from "./stdin-body.ts";

/** The position of the input in the stdin of a process. Undefined: after everything that was written before. */
export const offsetParameter: ReadableParameter<number | undefined> = {
  name: "offset",
  description:
    "The position in stdin of the first byte that is sent. Bytes that were accepted before are skipped, so that a request can be repeated. Past `taken` it is `409 conflict`. Default: after everything that was written before.",
  schema: { type: "integer", minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
  examples: ["0"],
  read: (query) => {
    const text = query.get("offset");
    return text === null ? undefined : parseWhole(text, "offset");
  },
};

/** Query parameters of `POST /streams/:target/stdin`. */
export const inputParameters = {
  eof: flag("eof", false, "`true`: close stdin after the body."),
  offset: offsetParameter,
} as const;

/** `/streams/:target/stdin`: writes to the stdin of a process, and says how much of it was accepted. */
export function stdinRoutes(manager: Manager) {
  return new Elysia({ name: "stdin" })
    .get("/streams/:target/stdin", ({ params, set }) =>
      inputPositionOf(findOneProcess(manager, params.target).process, set),
    )
    .post(
      "/streams/:target/stdin",
      async ({ request, params, set }) => {
        keepOpen(request);
        return await answerInput(request, findOneProcess(manager, params.target).process, set);
      },
      { parse: "none" },
    );
}

/** The headers that a route sets. */
interface HeadersToSet {
  readonly headers: Record<string, string | number>;
}

/** How much of its input a process has accepted. Throws `forbidden_write`. */
export function inputPositionOf(process: SupervisedProcess, set: HeadersToSet) {
  const { taken, closed } = stdinOf(process);
  set.headers["x-gaffer-taken"] = String(taken);
  return { taken, closed: closed || process.exit !== undefined };
}

/** Writes the body of a request to a process. Throws what `writeBody` throws, with `taken`. */
export async function answerInput(request: Request, process: SupervisedProcess, set: HeadersToSet) {
  const query = new URL(request.url).searchParams;
  const [eof, offset] = [inputParameters.eof.read(query), offsetParameter.read(query)];
  try {
    const bytes = await writeBody(request, process, { eof, offset });
    const { taken } = stdinOf(process);
    set.headers["x-gaffer-taken"] = String(taken);
    return { ok: true, bytes, taken };
  } catch (error) {
    throw withTaken(error, process.stdin?.taken);
  }
}

/** Adds the position that a client can continue at to the details of an error. */
export function withTaken(error: unknown, taken: number | undefined): unknown {
  if (!(error instanceof GafferdError) || taken === undefined) return error;
  const { code, message, field, details } = error;
  return new GafferdError(code, message, {
    ...(field !== undefined && { field }),
    details: { ...details, taken },
    cause: error,
  });
}
