import { finishInSlices } from "../../slices.ts";
import { joinPieces, toJsonPieces } from "../operation/json-pieces.ts";
import { isLong, TextAnswer } from "../operation/text-answer.ts";

/** The headers of every response. */
export const commonHeaders: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
};

const jsonHeaders = { "content-type": "application/json;charset=utf-8" };
const commonJsonInit = { headers: new Headers({ ...commonHeaders, ...jsonHeaders }) };
const commonHeaderCount = Object.keys(commonHeaders).length;
const noHeaders = Object.freeze({});

/** A response with a JSON document. Keep the object to send the same response again. */
export function jsonAnswer(document: unknown): TextAnswer {
  return new TextAnswer(JSON.stringify(document), { headers: jsonHeaders });
}

/** Like `jsonAnswer`, for a document with long lists: reads and encodes it in slices, see `toJsonPieces`. */
export async function longJsonAnswer(document: unknown): Promise<TextAnswer> {
  return new TextAnswer(await finishInSlices(joinPieces(toJsonPieces(document))), { headers: jsonHeaders });
}

/** The status and headers that Elysia adds to the response. */
interface Set {
  status?: number | string;
  headers: Record<string, string | number>;
}

/**
 * Builds the response for a document or a `TextAnswer`, compressed if possible; Elysia 1.4.30 does not compress. A short
 * response without headers of its own takes 10 % less time than with Elysia, which builds the headers for each response.
 * Undefined for other values, which Elysia handles.
 */
export function answerText(value: unknown, set: Set, request: Request): Response | Promise<Response> | undefined {
  if (value instanceof TextAnswer) return respond(value, set, request);
  if (value?.constructor !== Object && !Array.isArray(value)) return undefined;
  const text = JSON.stringify(value);
  const status = typeof set.status === "number" ? set.status : 200;
  if (isLong(text) || status !== 200 || !hasOnlyCommonHeaders(set.headers)) {
    return respond(new TextAnswer(text, { headers: jsonHeaders, status }), set, request);
  }
  // Elysia would add these headers to the response a second time.
  set.headers = noHeaders;
  return new Response(text, commonJsonInit);
}

function respond(answer: TextAnswer, set: Set, request: Request): Response | Promise<Response> {
  // The same object each time, so that the answer can cache the headers it builds from it.
  const shared = hasOnlyCommonHeaders(set.headers) ? commonHeaders : (set.headers as Record<string, string>);
  set.headers = noHeaders;
  set.status = 200;
  return answer.toResponse(request, shared);
}

function hasOnlyCommonHeaders(headers: object): boolean {
  let count = 0;
  for (const _ in headers) count += 1;
  return count === commonHeaderCount;
}
