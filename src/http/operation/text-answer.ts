import { acceptedEncoding, encode, type Encoding, maxPlainBytes } from "./encoding.ts";

export interface TextAnswerOptions {
  readonly headers: Readonly<Record<string, string>>;
  /** Default 200. */
  readonly status?: number;
}

/**
 * An answer whose whole body is text: JSON, metrics, a page. It goes out compressed when it is more than 1 KiB and the
 * client accepts that. Who gives the same answer again keeps it, and with it what it is when compressed.
 */
export class TextAnswer {
  readonly #body: string | Uint8Array<ArrayBuffer>;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #status: number;
  readonly #isLong: boolean;
  /** What `toResponse` was given last, and what it made of it: mostly it is the same again. */
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

  /** `shared` are headers that the answer has besides its own, which win. */
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
      // Who waits for it hears of the failure; the next one tries again.
      encoded.catch(() => this.#encoded.delete(encoding));
      this.#encoded.set(encoding, encoded);
    }
    return encoded;
  }
}

/** Whether a body is so long that it is compressed. No character takes more than three bytes of UTF-8. */
export function isLong(body: string | Uint8Array): boolean {
  if (typeof body !== "string") return body.length > maxPlainBytes;
  return body.length > maxPlainBytes || (body.length * 3 > maxPlainBytes && Buffer.byteLength(body) > maxPlainBytes);
}

/**
 * A response whose body is text, such as that of a failure, as the client accepts it. `vary` is what the answer depends
 * on besides.
 */
export async function compressed(response: Response, request: Request, vary?: string): Promise<Response> {
  if (response.body === null) return response;
  return await (await TextAnswer.of(response)).toResponse(request, vary === undefined ? {} : { vary });
}
