import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { skipBytes } from "../../../src/http/listen/send-pieces.ts";

describe("skipBytes", () => {
  test("leaves exactly the bytes after the first ones, and no empty piece", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 5 })), fc.nat(60), (pieces, wanted) => {
        const whole = Buffer.concat(pieces);
        const left = skipBytes(pieces, Math.min(wanted, whole.length));
        expect(Buffer.concat([...left])).toEqual(whole.subarray(wanted));
        expect(left.every((piece) => piece.length > 0)).toBe(true);
      }),
    );
  });
});
