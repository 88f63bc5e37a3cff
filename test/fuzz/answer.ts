import { errorCodes } from "../../src/errors.ts";
import type { RawAnswer } from "./raw-request.ts";

/** Bun answers 431 itself, without a body, when the request line and headers are longer than 16 KiB. */
const tooLongForBun = 431;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** Asserts success, a redirection, or a refusal of the caller's request with the error document. */
export function assertAnswer({ status, headers, body }: Answer, { isHead }: { isHead: boolean }): void {
  const text = Buffer.from(body).toString();
  const shown = `${status} ${text.slice(0, 1000)}`;
  const isOverload = status === 503 && headers.has("retry-after");
  if (status >= 500 && !isOverload) throw new Error(`answered ${shown}`);
  if (status < 400 || isHead || (status === tooLongForBun && text === "")) return;
  const { error, message } = parse(text, shown);
  if (!errorCodes.some((code) => code === error) || error === "internal") throw new Error(`unknown code: ${shown}`);
  if (isOverload && error !== "overloaded") throw new Error(`503 with another code: ${shown}`);
  if (typeof message !== "string" || message.trim() === "") throw new Error(`no message: ${shown}`);
  if (/\.ts\b|node_modules|\bat [\w.]+ \(|\[object Object\]|\bundefined\b/.test(message)) {
    throw new Error(`a message about the program: ${shown}`);
  }
}

function parse(text: string, shown: string): { readonly error?: unknown; readonly message?: unknown } {
  try {
    return JSON.parse(text) as { readonly error?: unknown; readonly message?: unknown };
  } catch (cause) {
    throw new Error(`no error document: ${shown}`, { cause });
  }
}

/**
 * Asserts the same of a raw answer. Bun itself refuses what it cannot parse, with an empty body. If `isWhole` is false, the
 * request may be an incomplete one, to which there is no answer yet.
 */
export function assertRawAnswer(
  answer: RawAnswer,
  { verb, isWhole = true }: { verb: string; isWhole?: boolean },
): void {
  const { status, head, body, isClosed } = answer;
  if (status === undefined) {
    if (isWhole && !isClosed)
      throw new Error(`no answer, and the connection is open: ${JSON.stringify(head.slice(0, 1000))}`);
    return;
  }
  const isBuns = body.length === 0 && /^connection: close$/im.test(head) && !/^date:/im.test(head);
  if (isBuns && (status < 500 || status === 505)) return;
  const lines = head
    .split("\r\n")
    .slice(1)
    .map((line) => line.split(/:(.*)/s) as [string, string]);
  const [length] = lines.filter(([name]) => name.toLowerCase() === "content-length").map(([, value]) => Number(value));
  // What follows may be the answer to a second request.
  const own = length === undefined ? body : body.subarray(0, length);
  assertAnswer(
    { status, headers: new Headers(lines.map(([name, value]) => [name, value.trim()])), body: own },
    { isHead: verb === "HEAD" },
  );
}
