import { acceptedEncoding, encode, type Encoding, maxPlainBytes } from "./encoding.ts";

export interface TextAnswerOptions {
  readonly headers: Readonly<Record<string, string>>;
  /** Default 200. */
  readonly status?: number;
}

/**
 * A response whose whole body is text, such as JSON, metrics or a page. It is compressed if it is longer than 1 KiB and
 * the client accepts that. Reuse the object to send the same response again: it caches its compressed bodies.
 */
export class TextAnswer {
  readonly #body: string | Uint8Array<ArrayBuffer>;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #status: number;
  readonly #isLong: boolean;
  /** The last `shared` of `toResponse`, which is mostly the same object, and the headers built from it. */
  #shared: Readonly<Record<string, string>> | undefined;
  #plain: { readonly status: number; readonly headers: Headers } | undefined;
  readonly #encoded = new Map<Encoding, Promise<Uint8Array<ArrayBuffer>>>();

  constructor(body: string | Uint8Array<ArrayBuffer>, { headers, status = 200 }: TextAnswerOptions) {
    this.#body = body;
    this.#headers = headers;
    this.#status = status;
    this.#isLong = isLong(body);
  }

  /** Reads the body of a response that is text. */
  static async of(response: Response): Promise<TextAnswer> {
    const { status, headers } = response;
    return new TextAnswer(new Uint8Array(await response.arrayBuffer()), {
      status,
      headers: Object.fromEntries(headers),
    });
  }

  /** `shared` are the headers of all responses; the response's own headers take precedence. */
  toResponse(request: Request, shared: Readonly<Record<string, string>> = {}): Response | Promise<Response> {
    if (this.#plain === undefined || this.#shared !== shared) {
      this.#shared = shared;
      this.#plain = { status: this.#status, headers: this.#headersWith(shared) };
    }
    const encoding = this.#isLong ? acceptedEncoding(request) : undefined;
    return encoding === undefined ? new Response(this.#body, this.#plain) : this.#toEncoded(encoding, this.#plain);
  }

  #headersWith(shared: Readonly<Record<string, string>>): Headers {
    const headers = new Headers({ ...shared, ...this.#headers });
    if (!this.#isLong) return headers;
    const vary = [shared["vary"], this.#headers["vary"], "Accept-Encoding"].flatMap((each) => each?.split(", ") ?? []);
    headers.set("vary", [...new Set(vary)].filter((each) => each !== "").join(", "));
    return headers;
  }

  async #toEncoded(encoding: Encoding, plain: { status: number; headers: Headers }): Promise<Response> {
    const headers = new Headers(plain.headers);
    headers.set("content-encoding", encoding);
    return new Response(await this.#encode(encoding), { status: plain.status, headers });
  }

  #encode(encoding: Encoding): Promise<Uint8Array<ArrayBuffer>> {
    let encoded = this.#encoded.get(encoding);
    if (encoded === undefined) {
      const bytes = typeof this.#body === "string" ? new TextEncoder().encode(this.#body) : this.#body;
      encoded = encode(bytes, encoding);
      // Requests that are waiting get the error; the next request tries again.
      encoded.catch(() => this.#encoded.delete(encoding));
      this.#encoded.set(encoding, encoded);
    }
    return encoded;
  }
}

/** Whether a body is long enough to be compressed. A UTF-16 code unit is at most three bytes in UTF-8. */
export function isLong(body: string | Uint8Array): boolean {
  if (typeof body !== "string") return body.length > maxPlainBytes;
  return body.length > maxPlainBytes || (body.length * 3 > maxPlainBytes && Buffer.byteLength(body) > maxPlainBytes);
}

/**
 * Compresses a response whose body is text, such as an error, if the client accepts that. `vary` lists other request
 * headers that the response depends on.
 */
export async function compressed(response: Response, request: Request, vary?: string): Promise<Response> {
  if (response.body === null) return response;
  return await (await TextAnswer.of(response)).toResponse(request, vary === undefined ? {} : { vary });
}
