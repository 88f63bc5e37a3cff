/** Appends `value` to the list of `key`. Creates the list if the map has none. */
export function addToMultimap<Key, Value>(lists: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
