import { isLong, TextAnswer } from "../operation/text-answer.ts";

/** What every answer says beside its own. */
export const everyAnswer: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
};

const ofJson = { "content-type": "application/json;charset=utf-8" };
const everyOfJson = { headers: new Headers({ ...everyAnswer, ...ofJson }) };
const countOfEvery = Object.keys(everyAnswer).length;
const none = Object.freeze({});

/** An answer with a document, to be kept if it is given more than once. */
export function jsonAnswer(document: unknown): TextAnswer {
  return new TextAnswer(JSON.stringify(document), { headers: ofJson });
}

/** The status and headers that Elysia will put into the answer. */
interface Set {
  status?: number | string;
  headers: Record<string, string | number>;
}

/**
 * Answers with a document or a `TextAnswer`, compressed if need be; Elysia 1.4.30 does not compress. A short answer without
 * headers of its own takes a tenth less time than with Elysia, which makes the headers for each answer. Undefined for
 * other values, which are left to Elysia.
 */
export function answerText(value: unknown, set: Set, request: Request): Response | Promise<Response> | undefined {
  if (value instanceof TextAnswer) return respond(value, set, request);
  if (value?.constructor !== Object && !Array.isArray(value)) return undefined;
  const text = JSON.stringify(value);
  const status = typeof set.status === "number" ? set.status : 200;
  if (isLong(text) || status !== 200 || !saysNoMore(set.headers)) {
    return respond(new TextAnswer(text, { headers: ofJson, status }), set, request);
  }
  // What is here is put into the answer once more.
  set.headers = none;
  return new Response(text, everyOfJson);
}

function respond(answer: TextAnswer, set: Set, request: Request): Response | Promise<Response> {
  // The same object each time, so that the answer can keep what it makes of it.
  const shared = saysNoMore(set.headers) ? everyAnswer : (set.headers as Record<string, string>);
  set.headers = none;
  set.status = 200;
  return answer.toResponse(request, shared);
}

function saysNoMore(headers: object): boolean {
  let count = 0;
  for (const _ in headers) count += 1;
  return count === countOfEvery;
}
