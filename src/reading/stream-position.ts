/** The byte that a reader reads next in one output. */
export interface OutputPlace {
  readonly processId: number;
  /** The index among the outputs of the process, from 0. */
  readonly outputIndex: number;
  readonly position: number;
}

/** Whether both are in the same output. */
export function isSameOutput(a: Omit<OutputPlace, "position">, b: Omit<OutputPlace, "position">): boolean {
  return a.processId === b.processId && a.outputIndex === b.outputIndex;
}

/**
 * How far a reader of the outputs of a template has read. Its size does not depend on the number of outputs: it contains
 * ranks (`order.ts`), from which the position in each output is computed.
 *
 * A reader gets lines in the order in which they were completed. From an output that is not listed in `ahead` it has
 * therefore read every line that was completed before `order`, and every byte that arrived before `floor`.
 */
export interface StreamPosition {
  /** The boot that the position belongs to, if it is an earlier one; absent for this run of the daemon. */
  readonly boot?: string;
  /** The template's `RankCounter.serial`. */
  readonly serial: number;
  /** Everything that was complete before this rank was read: lines, spawns, exits. */
  readonly order: number;
  /** Every byte with a lower rank was read, even if its line is not complete. */
  readonly floor: number;
  /** Spawns with a lower rank are skipped, because the reader started later. */
  readonly spawnFloor: number;
  /** The sum of the positions in all outputs that are read. It shows how much was lost if single positions do not. */
  readonly given: number;
  /** Identifies the set of outputs that is read. `given` is comparable only within the same set. */
  readonly scope: number;
  /** Outputs from which more was read: parts of unfinished lines that were silent or too long. */
  readonly ahead: readonly OutputPlace[];
  /** The output from which only part of a complete line was read so far. */
  readonly piece: OutputPlace | undefined;
  /** True if the reader is further in some output than the other fields say, because bytes were lost there. */
  readonly hasGaps: boolean;
}

/** The maximum length of `formatPosition`, if the places in `ahead` take at most `maxAheadLength` characters. */
export const maxPositionLength = 119;
export const maxAheadLength = 23;

const positionPattern =
  /^(_[0-9a-z]+){3}((_[0-9a-z]*(_-?[0-9a-z]*(_[0-9a-z]*)?)?)?|_[0-9a-z]*_(-?[0-9a-z]+)?_[0-9a-z]*(_[0-9a-z]+-[0-9a-z]-[0-9a-z]+)*(\.[0-9a-z]+-[0-9a-z]-[0-9a-z]+)?)~?$/;

const number = (value: number) => value.toString(36);
const parse = (digits: string | undefined) => (digits ? Number.parseInt(digits, 36) : 0);

/**
 * `_1_2s_2s` in most cases: serial, order and given; then, if they are needed, scope, floor, spawn floor and the
 * places that are ahead: `_1_5k_5k__-2__2-0-1c.3-1-80~`. All numbers are in base 36; floor is the difference to order.
 */
export function formatPosition({ ahead, piece, hasGaps, ...rest }: Omit<StreamPosition, "boot">): string {
  const { serial, order, floor, spawnFloor, given, scope } = rest;
  const optional = [scope, floor > 0 ? order - floor : undefined, spawnFloor > order ? spawnFloor : 0];
  const digits = optional.map((value, index) =>
    value === undefined || (value === 0 && index !== 1) ? "" : number(value),
  );
  let text = `_${number(serial)}_${number(order)}_${number(given)}`;
  if (ahead.length > 0 || piece !== undefined) text += `_${digits.join("_")}`;
  else if (digits.some((each) => each !== "")) text += `_${digits.join("_")}`.replace(/_+$/, "");
  for (const place of ahead) text += formatPlace(place);
  if (piece !== undefined) text += `.${formatPlace(piece).slice(1)}`;
  return hasGaps ? `${text}~` : text;
}

/** `_2-0-1c`: the process id, the index of the output, and the position, in base 36. */
export function formatPlace({ processId, outputIndex, position }: OutputPlace): string {
  return `_${number(processId)}-${number(outputIndex)}-${number(position)}`;
}

/** Undefined if `formatPosition` cannot have returned this text. */
export function parsePosition(text: string): StreamPosition | undefined {
  if (!positionPattern.test(text)) return undefined;
  const [before = "", piece] = text.replace("~", "").split(".");
  const [, serial, orderDigits, given, scope, floor, spawnFloor, ...ahead] = before.split("_");
  const order = parse(orderDigits);
  return {
    serial: parse(serial),
    order,
    floor: floor ? order - parse(floor) : 0,
    spawnFloor: parse(spawnFloor),
    given: parse(given),
    scope: parse(scope),
    ahead: ahead.map(parsePlace),
    piece: piece === undefined ? undefined : parsePlace(piece),
    hasGaps: text.endsWith("~"),
  };
}

function parsePlace(text: string): OutputPlace {
  const [processId, outputIndex, position] = text.split("-");
  return { processId: parse(processId), outputIndex: parse(outputIndex), position: parse(position) };
}
