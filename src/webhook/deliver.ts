import { messageOf } from "../reason.ts";
import { parseRetryAfter } from "./backoff.ts";
import { httpClientCanRun } from "./http-client.ts";

export interface Delivery {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
}

/** How an attempt ended. */
export type Outcome =
  | { readonly kind: "delivered"; readonly status: number }
  /** The receiver wants no more, ever. */
  | { readonly kind: "gone"; readonly status: number; readonly error: string }
  /** `status` is absent when there was no answer. */
  | { readonly kind: "failed"; readonly status?: number; readonly error: string; readonly retryAfterMs?: number };

/** So much of an answer is read, that the connection may be used again; what it says is nobody's business. */
const maxAnswerBytes = 16 * 1024;

/** Sends once. It never throws; who aborts `controller` must not trust what it says. */
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
      // A redirect could lead anywhere, and a 301 would lose the body.
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

/** Reads what there is of the body, up to a limit and until the timeout; the status has said all. */
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
    // The connection broke or the time was up, after the verdict.
  }
}

/** A URL's user and password go where HTTP has them: `fetch` takes no URL that holds them. */
function takeCredentials(url: string): { href: string; authorization: Record<string, string> } {
  const bare = new URL(url);
  if (bare.username + bare.password === "") return { href: url, authorization: {} };
  const credentials = `${decodeURIComponent(bare.username)}:${decodeURIComponent(bare.password)}`;
  bare.username = "";
  bare.password = "";
  return { href: bare.href, authorization: { authorization: `Basic ${Buffer.from(credentials).toString("base64")}` } };
}

/** The first sentence; Bun's second one tells programmers of an option. */
function firstSentenceOf(error: unknown): string {
  const message = messageOf(error);
  return message.split(/[.?!] /)[0] ?? message;
}
