import { describe, expect, test } from "bun:test";
import { GafferdError } from "../../../src/errors.ts";
import { maxBodyBytes, readObject } from "../../../src/http/operation/body.ts";

const post = (body: string | Uint8Array<ArrayBuffer> | ReadableStream | null, headers: Record<string, string> = {}) =>
  new Request("http://localhost/", { method: "POST", body, headers });

async function refusal(request: Request): Promise<GafferdError> {
  const reason: unknown = await readObject(request).catch((error: unknown) => error);
  if (reason instanceof GafferdError) return reason;
  throw new Error(`it was taken: ${String(reason)}`);
}

const chunked = (...chunks: (string | Uint8Array)[]) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(Buffer.from(chunk));
      controller.close();
    },
  });

describe("readObject accepts", () => {
  test.each([undefined, "application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])(
    "any content type: %p",
    async (type) => {
      const headers: Record<string, string> = type === undefined ? {} : { "content-type": type };
      expect(await readObject(post(Buffer.from('{"a":[1]}'), headers))).toEqual({ a: [1] });
    },
  );

  test("chunks that split a character", async () => {
    const bytes = Buffer.from('{"a":"é😀"}');
    expect(await readObject(post(chunked(...Array.from(bytes, (byte) => Uint8Array.of(byte)))))).toEqual({ a: "é😀" });
  });

  test("surrounding whitespace and a byte order mark", async () => {
    expect(await readObject(post("\uFEFF \n{} \n"))).toEqual({});
  });

  test("a body of the maximum size", async () => {
    const text = `{"a":"${"x".repeat(maxBodyBytes - 8)}"}`;
    expect(text).toHaveLength(maxBodyBytes);
    expect(await readObject(post(text))).toHaveProperty("a");
  });
});

describe("readObject rejects with", () => {
  test.each(["", " \n", "{", "{bad}", "{'a':1}", '{"a":1,}', "{}{}", "undefined", "NaN", "cmd=x", "\u0000"])(
    "invalid_json: %j",
    async (text) => {
      const { code, message } = await refusal(post(text));
      expect(code).toBe("invalid_json");
      expect(message).toContain("JSON");
    },
  );

  test("invalid_json a missing body", async () => {
    expect(await refusal(post(null))).toMatchObject({
      code: "invalid_json",
      message: expect.stringContaining("empty"),
    });
  });

  test.each([[0xff], [0x7b, 0x22, 0xc3, 0x28, 0x22, 0x7d], [0x22, 0xed, 0xa0, 0x80, 0x22], [0xff, 0xfe, 0x7b, 0]])(
    "invalid_json a body that is not UTF-8: %p %p %p",
    async (...bytes) => {
      expect(await refusal(post(Uint8Array.from(bytes)))).toMatchObject({
        code: "invalid_json",
        message: expect.stringContaining("UTF-8"),
      });
    },
  );

  test.each([
    ["[]", "an array"],
    ["null", "null"],
    ["1", "a number"],
    ['"cmd"', "a string"],
    ["true", "a boolean"],
  ])("invalid_process_info JSON that is not an object: %s", async (text, kind) => {
    expect(await refusal(post(text))).toMatchObject({
      code: "invalid_process_info",
      message: expect.stringContaining(kind),
    });
  });

  test("invalid_json a body that is nested too deeply", async () => {
    for (const depth of [40, 100_000]) {
      expect((await refusal(post(`{"a":${"[".repeat(depth)}${"]".repeat(depth)}}`))).code).toBe("invalid_json");
    }
  });

  test("too_large a body whose Content-Length is too large, before reading it", async () => {
    const request = post("{}", { "content-length": String(maxBodyBytes + 1) });
    expect((await refusal(request)).code).toBe("too_large");
    expect(request.bodyUsed).toBeFalse();
  });

  test("too_large a chunked body as soon as it exceeds the limit, and reads no further", async () => {
    let pulls = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulls += 1;
        controller.enqueue(new Uint8Array(64 * 1024));
      },
    });
    expect((await refusal(post(endless))).code).toBe("too_large");
    expect(pulls).toBeLessThan(40);
  });

  test("invalid_json a body that ends early", async () => {
    const broken = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.error(new Error("the connection is gone"));
      },
    });
    expect(await refusal(post(broken))).toMatchObject({
      code: "invalid_json",
      message: expect.stringContaining("ended before"),
    });
  });
});
