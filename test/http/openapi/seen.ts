import type {
  HeaderObject,
  MediaTypeObject,
  OpenapiDocument,
  ResponseObject,
} from "../../../src/http/operation/openapi-document.ts";
import { eventsOf } from "../feed/event-stream.ts";
import { codesOf, type Described, resolve, responsesOf } from "./described.ts";
import type { SchemaCheck } from "./schema-check.ts";

/** The response to a request; for a stream, its first bytes. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
}

const ourHeaders = ["allow", "location", "retry-after", "x-gaffer-next", "x-gaffer-gap", "x-gaffer-taken"];

/** Compares responses of an operation with its documentation, and tracks which documented responses have not occurred. */
export class Seen {
  readonly #described: Described;
  readonly #document: OpenapiDocument;
  readonly #check: SchemaCheck;
  /** `404`, `404 not_found`, `200 application/json`, `200 x-gaffer-next`. */
  readonly #facts = new Set<string>();

  constructor(described: Described, document: OpenapiDocument, check: SchemaCheck) {
    this.#described = described;
    this.#document = document;
    this.#check = check;
  }

  /** Throws if anything in the response is not documented. */
  async take(answer: Answer, request: string): Promise<void> {
    const text = new TextDecoder().decode(answer.bytes);
    const response = responsesOf(this.#document, this.#described).get(answer.status);
    const refuse = (reason: string): never => {
      throw new Error(
        `${request} (${this.#described.key}) answered ${answer.status} ${text.slice(0, 300)}: ${reason.slice(0, 500)}`,
      );
    };
    if (response === undefined) return refuse("this status is not documented");
    this.#facts.add(`${answer.status}`);
    this.#takeHeaders(answer, response, refuse);
    if (text === "") return;
    const type = answer.headers.get("content-type")?.split(";")[0] ?? "none";
    const [, media] = Object.entries(response.content ?? {}).find(([known]) => known.split(";")[0] === type) ?? [];
    if (media === undefined) return refuse(`the type ${type} is not documented`);
    this.#facts.add(`${answer.status} ${type}`);
    // Bun's `fetch` accepts compression. Output of processes is also text, but is never compressed.
    const isWhole = type === "application/json" || type === "text/html" || request.endsWith(" /metrics");
    const isCompressed = answer.headers.has("content-encoding");
    if (isWhole && isCompressed !== answer.bytes.length > 1024) refuse("text of more than 1 KiB is to be compressed");
    for (const problem of await this.#findProblems(type, media, answer.bytes)) refuse(problem);
    if (answer.status < 400) return;
    const { error } = JSON.parse(text) as { error: string };
    this.#facts.add(`${answer.status} ${error}`);
  }

  /** Documented responses that have not occurred. */
  missing(): string[] {
    const { method } = this.#described;
    const facts = [...responsesOf(this.#document, this.#described)].flatMap(([status, response]) => {
      const headers = Object.keys(response.headers ?? {}).map((name) => name.toLowerCase());
      // HEAD has no body with an error code.
      const inBody =
        method === "HEAD" || method === "OPTIONS"
          ? []
          : [...codesOf(response), ...Object.keys(response.content ?? {}).map((type) => type.split(";")[0] ?? "")];
      return [`${status}`, ...[...headers, ...inBody].map((fact) => `${status} ${fact}`)];
    });
    return facts.filter((fact) => !this.#facts.has(fact));
  }

  #takeHeaders({ status, headers }: Answer, response: ResponseObject, refuse: (reason: string) => never): void {
    for (const name of ourHeaders) {
      const value = headers.get(name);
      if (value === null) continue;
      const [, header] = Object.entries(response.headers ?? {}).find(([known]) => known.toLowerCase() === name) ?? [];
      if (header === undefined) return refuse(`the header ${name} is not documented`);
      this.#facts.add(`${status} ${name}`);
      const { schema } = resolve<HeaderObject>(this.#document, header);
      const problem = this.#check(schema, value) && this.#check(schema, Number(value));
      if (problem !== undefined) refuse(`${name}: ${problem}`);
    }
  }

  async #findProblems(type: string, media: MediaTypeObject, bytes: Uint8Array): Promise<string[]> {
    const text = new TextDecoder().decode(bytes);
    const values: [MediaTypeObject["schema"], unknown][] = [];
    if (type === "application/json") values.push([media.schema, JSON.parse(text)]);
    if (type === "application/x-ndjson") {
      const lines = text.slice(0, text.lastIndexOf("\n")).split("\n");
      for (const line of lines) if (line !== "") values.push([media.schema, JSON.parse(line)]);
    }
    if (type === "text/event-stream") {
      for (const { event, data } of await eventsOf(bytes)) {
        const schema = media["x-event-data"]?.[event] ?? media["x-event-data"]?.["*"];
        if (schema === undefined) return [`the event ${event} is not documented`];
        values.push([schema, parseLoosely(data)]);
      }
    }
    return values.flatMap(([schema, value]) => this.#check(schema, value) ?? []);
  }
}

/** Output is text; everything else is JSON. */
function parseLoosely(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return data;
  }
}
