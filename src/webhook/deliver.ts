import { messageOf } from "../reason.ts";
import { parseRetryAfter } from "./backoff.ts";
import { httpClientCanRun } from "./http-client.ts";

export interface Delivery {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
}

/** The result of an attempt. */
export type Outcome =
  | { readonly kind: "delivered"; readonly status: number }
  /** The receiver answered 410: it wants no more events. */
  | { readonly kind: "gone"; readonly status: number; readonly error: string }
  /** `status` is absent if there was no answer. */
  | { readonly kind: "failed"; readonly status?: number; readonly error: string; readonly retryAfterMs?: number };

/** At most this much of an answer is read, so that the connection can be reused. Its content is ignored. */
const maxAnswerBytes = 16 * 1024;

/** Sends a message once. Never throws. After `controller` was aborted the result means nothing. */
export async function deliver(
  { url, headers, body, timeoutMs }: Delivery,
  controller: AbortController,
): Promise<Outcome> {
  if (!httpClientCanRun()) return { kind: "failed", error: "too many processes are running" };
  const timer = setTimeout(() => controller.abort(), timeoutMs);
  try {
    const { href, authorization } = takeCredentials(url);
    const response = await fetch(href, {
      method: "POST",
      headers: { ...headers, ...authorization },
      body,
      // A redirect could lead to any host, and a 301 would drop the body.
      redirect: "manual",
      decompress: false,
      signal: controller.signal,
    });
    const outcome = judge(response);
    await drain(response);
    return outcome;
  } catch (error) {
    return {
      kind: "failed",
      error: controller.signal.aborted ? `no answer in ${timeoutMs} ms` : firstSentenceOf(error),
    };
  } finally {
    clearTimeout(timer);
  }
}

function judge({ ok, status, headers }: Response): Outcome {
  if (ok) return { kind: "delivered", status };
  if (status === 410) return { kind: "gone", status, error: "the answer was 410" };
  const retryAfterMs = parseRetryAfter(headers.get("retry-after"), Date.now());
  const isRedirect = status >= 300 && status < 400;
  return {
    kind: "failed",
    status,
    error: `the answer was ${status}${isRedirect ? ", and redirects are not followed" : ""}`,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

/** Reads the rest of the body, up to a limit and until the timeout. */
async function drain({ body }: Response): Promise<void> {
  const reader = body?.getReader();
  try {
    for (let bytes = 0; bytes <= maxAnswerBytes;) {
      const chunk = await reader?.read();
      if (chunk === undefined || chunk.done) return;
      bytes += chunk.value.length;
    }
    await reader?.cancel();
  } catch {
    // The connection broke or timed out; the status is known already.
  }
}

/** Moves the user and password of a URL to the `Authorization` header, because `fetch` refuses URLs that contain them. */
function takeCredentials(url: string): { href: string; authorization: Record<string, string> } {
  const bare = new URL(url);
  if (bare.username + bare.password === "") return { href: url, authorization: {} };
  const credentials = `${decodeURIComponent(bare.username)}:${decodeURIComponent(bare.password)}`;
  bare.username = "";
  bare.password = "";
  return { href: bare.href, authorization: { authorization: `Basic ${Buffer.from(credentials).toString("base64")}` } };
}

/** The first sentence. The second one of Bun is advice for programmers. */
function firstSentenceOf(error: unknown): string {
  const message = messageOf(error);
  return message.split(/[.?!] /)[0] ?? message;
}
