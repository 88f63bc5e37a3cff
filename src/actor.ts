/** Who asks for a change: a request over HTTP, a plugin, a reload, or the program that gafferd is embedded in. */
export type Actor = "http" | "reload" | "program" | `plugin:${string}`;

let current: Actor | undefined;

/** Who asks for what happens in this turn; undefined if gafferd does it by itself, or it is not known. */
export function currentActor(): Actor | undefined {
  return current;
}

/** Calls `act` on behalf of `actor`. What `act` does after it has waited is not on its behalf. */
export function onBehalfOf<Result>(actor: Actor | undefined, act: () => Result): Result {
  const before = current;
  current = actor;
  try {
    return act();
  } finally {
    current = before;
  }
}

/** `act`, to be called later on behalf of who asks now. */
export function keepActor<Args extends readonly unknown[], Result>(
  act: (...args: Args) => Result,
): (...args: Args) => Result {
  const actor = current;
  return (...args) => onBehalfOf(actor, () => act(...args));
}
