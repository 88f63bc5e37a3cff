import { type ErrorCode, GafferdError } from "../../errors.ts";
import { whenTimeIsLeft } from "../../slices.ts";

/** The maximum size of a JSON body. */
export const maxBodyBytes = 1024 * 1024;
/** The maximum depth of a JSON body. Templates need much less, and code that walks the value may be recursive. */
const maxDepth = 32;

/**
 * Reads the body of a request as a JSON object; its content type is ignored. Throws `too_large`, `invalid_json`, or `code`
 * if the body is JSON but not an object.
 */
export async function readObject(
  request: Request,
  code: ErrorCode = "invalid_process_info",
): Promise<Record<string, unknown>> {
  const text = await readText(request);
  // A body of 1 MiB takes milliseconds to parse, and as long again to check.
  const value = await whenTimeIsLeft(() => parse(text));
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const kind = value === null ? "null" : Array.isArray(value) ? "an array" : `a ${typeof value}`;
    throw new GafferdError(code, `the body must be a JSON object, not ${kind}`);
  }
  return value as Record<string, unknown>;
}

async function readText(request: Request): Promise<string> {
  const bytes = await readBytes(request);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new GafferdError(
      "invalid_json",
      "the body must be JSON in UTF-8, but it contains bytes that are not valid UTF-8",
      {
        cause,
      },
    );
  }
}

async function readBytes(request: Request): Promise<Uint8Array> {
  if (Number(request.headers.get("content-length")) > maxBodyBytes) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of request.body ?? []) {
      length += chunk.length;
      if (length > maxBodyBytes) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof GafferdError) throw error;
    throw new GafferdError("invalid_json", "the connection ended before the whole body arrived", { cause: error });
  }
  return Buffer.concat(chunks);
}

function parse(text: string): unknown {
  if (text.trim() === "") throw new GafferdError("invalid_json", "the body must be a JSON object, but it is empty");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/^JSON Parse error: /, "") : String(cause);
    throw new GafferdError("invalid_json", `the body is not valid JSON: ${reason}`, { cause });
  }
  if (isDeeper(value, maxDepth)) {
    throw new GafferdError("invalid_json", `the body must not be nested more than ${maxDepth} levels deep`);
  }
  return value;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}

function tooLarge(): GafferdError {
  return new GafferdError("too_large", `the body must be at most ${maxBodyBytes} bytes of JSON`);
}
