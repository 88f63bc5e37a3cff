import type { Ring } from "../../output/ring.ts";

/** The last frames made of each ring that has several readers, oldest first. */
const framesOf = new WeakMap<Ring, Map<string, Uint8Array>>();
const keptFrames = 32;

/**
 * Encodes once for all readers that stand at the same place and are told the same: 1,000 live tails cost one encoding.
 * Nothing is kept for a ring with one reader.
 */
export function encodeSharedEvent(
  ring: Ring,
  place: { from: number; before: string; after: string },
  encode: () => Uint8Array,
): Uint8Array {
  if (ring.cursors.size < 2) {
    framesOf.delete(ring);
    return encode();
  }
  let frames = framesOf.get(ring);
  if (frames === undefined) framesOf.set(ring, (frames = new Map()));
  const key = `${place.from} ${place.before}${place.after}`;
  const shared = frames.get(key);
  if (shared !== undefined) return shared;
  const frame = encode();
  frames.set(key, frame);
  if (frames.size > keptFrames) for (const oldest of frames.keys()) return (frames.delete(oldest), frame);
  return frame;
}

/** Call when a reader of these rings has left: keeps frames for the readers that are left, if there are several. */
export function dropSharedFrames(rings: Iterable<Ring>): void {
  for (const ring of rings) if (ring.cursors.size < 2) framesOf.delete(ring);
}
