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

/** The answer of a document that is given again and again. */
export function jsonAnswer(document: unknown): TextAnswer {
  return new TextAnswer(JSON.stringify(document), { headers: ofJson });
}

/** What Elysia was told to put into an answer. */
interface Set {
  status?: number | string;
  headers: Record<string, string | number>;
}

/**
 * Answers a document, or a text, which Elysia 1.4.30 cannot compress; what is short and has no headers of its own takes a
 * tenth less of the whole request than it does with Elysia, which would make the headers anew each time. Undefined for
 * all else: that is Elysia's.
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
