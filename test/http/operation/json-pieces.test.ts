import { expect, test } from "bun:test";
import fc from "fast-check";
import { joinPieces, lazyList, toJsonPieces } from "../../../src/http/operation/json-pieces.ts";
import { finishNow } from "../../../src/slices.ts";

const join = (document: unknown) => finishNow(joinPieces(toJsonPieces(document)));

const value = fc.jsonValue({ maxDepth: 4 });
const rows = fc.array(fc.record({ name: value, list: fc.array(value) }));

test("the pieces are the JSON of the document, whether its lists are arrays or iterators", () => {
  fc.assert(
    fc.property(value, rows, (document, list) => {
      expect(join(document)).toBe(JSON.stringify(document));
      const lazy = list.values().map((row) => ({ ...row, list: row.list.values() }));
      expect(join(lazy)).toBe(JSON.stringify(list));
      expect(join(list.map((row) => ({ ...row, list: row.list.values() })))).toBe(JSON.stringify(list));
      expect(join({ document, lists: list.values() })).toBe(JSON.stringify({ document, lists: list }));
    }),
    { numRuns: 300 },
  );
});

test("a long array, also within an object, has a piece for each element at least", () => {
  const list = Array.from({ length: 101 }, (_, index) => ({ index, name: `p${index}`, left: undefined }));
  for (const document of [list, { name: "web", absent: undefined, list, last: null }]) {
    const pieces = [...toJsonPieces(document)];
    expect(pieces.length).toBeGreaterThan(100);
    expect(pieces.join("")).toBe(JSON.stringify(document));
  }
});

test("empty lists and documents are written like any other", () => {
  const documents = [[], {}, { list: [] }, [[]], null, "text", [undefined]];
  for (const document of documents) expect(join(document)).toBe(JSON.stringify(document));
  expect(join({ list: [].values(), other: new Set() })).toBe('{"list":[],"other":[]}');
});

test("an element of an iterator is read only when its piece is", () => {
  let read = 0;
  const list = [1, 2, 3].values().map((each) => ((read += 1), each));
  const pieces = toJsonPieces({ list });
  expect(read).toBe(0);
  pieces.next();
  expect(read).toBe(1);
});

test("the results of a long list are made when they are read, those of a short list at once", () => {
  for (const length of [100, 101]) {
    let made = 0;
    const list = lazyList(Array.from({ length }), () => (made += 1));
    expect(made).toBe(length === 100 ? 100 : 0);
    expect([...list]).toHaveLength(length);
  }
});

test("an error while an element is read leaves no text", () => {
  const list = [1, 2].values().map((each) => {
    if (each === 2) throw new Error("cannot be read");
    return each;
  });
  expect(() => join(list)).toThrow("cannot be read");
});
