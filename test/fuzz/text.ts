import fc from "fast-check";

/** Text that is hard to read: control characters, surrogates, signs with a meaning, and long runs of one of them. */
export const oddText: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: "binary", maxLength: 12 }) },
  {
    weight: 3,
    arbitrary: fc
      .array(
        fc.constantFrom(
          ..."\0\t\n\r\v\f\u001b \u0085\u00a0\u2028\uFEFF\uD800\uDFFF\"'`\\$#;:=%,.{}[]()/~-aé€",
          "🙂",
          "\r\n",
        ),
        { maxLength: 12 },
      )
      .map((parts) => parts.join("")),
  },
  fc
    .tuple(
      fc.constantFrom(..." \t\n\"'`\\$#;:=%,.{[(-a0é", "${A:-", "$A", "\r\n", "a=", "--"),
      fc.integer({ min: 1, max: 20_000 }),
    )
    .map(([text, count]) => text.repeat(count)),
);

/** Numbers as text, in and out of range. */
export const oddNumber = fc.constantFrom(
  ..."0 -0 1 -1 1.5 1e3 1e99 1e999 -1e999 0x10 007 NaN Infinity 4294967295 9007199254740993 99999999999999999999 0.000001 ١".split(
    " ",
  ),
);

/** Where, from 0 to 1, all places alike. */
const place = fc.noBias(fc.integer({ min: 0, max: 1_000_000 })).map((millionths) => millionths / 1_000_000);

/** Copies of `bytes` with a few places damaged. Undamaged if the list of places is empty. */
export function damaged(
  bytes: fc.Arbitrary<Uint8Array>,
  inserted = fc.uint8Array({ maxLength: 4 }),
): fc.Arbitrary<Buffer> {
  const damage = fc.record({ at: place, removed: fc.nat({ max: 8 }), inserted });
  const places = fc.array(damage, { maxLength: 4 });
  return fc.tuple(bytes, places).map(([original, all]) =>
    all.reduce((text, { at, removed, inserted: bytesIn }) => {
      const from = Math.floor(at * text.length);
      return Buffer.concat([text.subarray(0, from), bytesIn, text.subarray(from + removed)]);
    }, Buffer.from(original)),
  );
}
