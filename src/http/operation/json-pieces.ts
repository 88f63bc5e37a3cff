/** A document whose lists are read element by element, when they are encoded. */
export type LazyLists<Document> = {
  readonly [Key in keyof Document]: Document[Key] extends readonly (infer Element)[]
    ? Iterable<Element>
    : Document[Key];
};

/** Longer arrays are encoded element by element. */
const shortLength = 100;

/**
 * JSON of a document in pieces, which together are the same as `JSON.stringify` gives. Pieces end between two values. The
 * document itself, its properties and those of its elements may be iterables in place of arrays: an element is read only
 * when its piece is. So the work can be done in slices, however long the lists are.
 */
export function* toJsonPieces(document: unknown): Generator<string, void> {
  if (Array.isArray(document) || isList(document)) yield* piecesOfList(document);
  else if (hasList(document)) yield* piecesOfObject(document);
  else yield JSON.stringify(document);
}

/** The results of `map`: all at once if there are few items, which is faster, else each when it is read. */
export function lazyList<Item, Element>(items: readonly Item[], map: (item: Item) => Element): Iterable<Element> {
  return items.length > shortLength ? items.values().map(map) : items.map(map);
}

/** Puts pieces together, one per step. */
export function* joinPieces(pieces: Iterable<string>): Generator<void, string> {
  const parts: string[] = [];
  for (const piece of pieces) {
    parts.push(piece);
    yield;
  }
  return parts.join("");
}

function* piecesOfList(list: Iterable<unknown>): Generator<string, void> {
  let before = "[";
  for (const element of list) {
    if (isList(element) || hasList(element)) yield* withBefore(before, toJsonPieces(element));
    else yield before + (JSON.stringify(element) ?? "null");
    before = ",";
  }
  yield before === "[" ? "[]" : "]";
}

function* piecesOfObject(document: object): Generator<string, void> {
  let text = "";
  let before = "{";
  for (const [key, value] of Object.entries(document)) {
    if (value === undefined) continue;
    text += `${before}${JSON.stringify(key)}:`;
    before = ",";
    if (isList(value)) {
      yield* withBefore(text, piecesOfList(value));
      text = "";
    } else text += JSON.stringify(value);
  }
  yield `${text}}`;
}

function* withBefore(before: string, pieces: Iterable<string>): Generator<string, void> {
  let text = before;
  for (const piece of pieces) {
    yield text + piece;
    text = "";
  }
}

function isList(value: unknown): value is Iterable<unknown> {
  if (Array.isArray(value)) return value.length > shortLength;
  return typeof value === "object" && value !== null && Symbol.iterator in value;
}

function hasList(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value) && Object.values(value).some(isList);
}
