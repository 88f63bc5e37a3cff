/** The offset of the next occurrence at `from` or later; -1 if there is none. */
export type FindNext = (bytes: Buffer, from: number) => number;

/**
 * Remembers the occurrence that was found last: where several things are searched for together, one that is far away is not
 * searched for again and again.
 */
export function remembered(find: FindNext): FindNext {
  let searched: Buffer | undefined;
  /** There is no occurrence between these two. */
  let searchedFrom = 0;
  let found = -1;
  return (bytes, from) => {
    if (bytes === searched && from >= searchedFrom && (found < 0 || found >= from)) return found;
    searched = bytes;
    searchedFrom = from;
    return (found = find(bytes, from));
  };
}

/** Finds a text or a byte. */
export function findExactly(wanted: Buffer | number): FindNext {
  return remembered((bytes, from) => bytes.indexOf(wanted, from));
}

/** Finds the first of several. */
export function findFirst(finds: readonly FindNext[]): FindNext {
  return (bytes, from) => {
    let first = -1;
    for (const find of finds) {
      const at = find(bytes, from);
      if (at >= 0 && (first < 0 || at < first)) first = at;
    }
    return first;
  };
}
