/** What every answer says beside its own. */
export const everyAnswer: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
};

const everyHeader = new Headers(everyAnswer);
const ofJson = { headers: { "content-type": "application/json;charset=utf-8" } };
const everyOfJson = { headers: new Headers({ ...everyAnswer, ...ofJson.headers }) };
const countOfEvery = Object.keys(everyAnswer).length;
const none = Object.freeze({});

/** The text of a document that was made before. */
export class JsonText {
  readonly text: string;

  constructor(document: object) {
    this.text = JSON.stringify(document);
  }
}

/**
 * Answers a document as Elysia 1.4.30 would, for a tenth less of the whole request: it would make the headers anew each
 * time. Undefined for what is neither that nor a plain object, and where there is more to say: that is Elysia's.
 */
export function answerJson(value: unknown, set: { status?: number | string; headers: object }): Response | undefined {
  const isText = value instanceof JsonText;
  if (set.status !== 200 || !saysNoMore(set.headers)) return isText ? new Response(value.text, ofJson) : undefined;
  if (!isText && value?.constructor !== Object) return undefined;
  // What is here is put into the answer once more.
  set.headers = none;
  return isText ? new Response(value.text, everyOfJson) : Response.json(value, { headers: everyHeader });
}

function saysNoMore(headers: object): boolean {
  let count = 0;
  for (const _ in headers) count += 1;
  return count === countOfEvery;
}
