/** The byte that a reader of one output reads next. */
export interface OutputPlace {
  readonly processId: number;
  /** 0 is the first of the process's outputs. */
  readonly outputIndex: number;
  readonly position: number;
}

/**
 * How far a reader of a template's outputs came, in a size that does not depend on how many there are: it holds ranks
 * (`order.ts`), from which the position in each output follows.
 *
 * A reader is given lines in the order in which they were completed. So of an output that is not listed in `ahead`
 * it was given every line that was completed before `order`, and every byte that arrived before `floor`.
 */
export interface StreamPosition {
  /** The template's `RankCounter.serial`. */
  readonly serial: number;
  /** Everything that was complete before this rank was given: lines, spawns, exits. */
  readonly order: number;
  /** Every byte with a lower rank was given, whether its line is complete or not. */
  readonly floor: number;
  /** Spawns with a lower rank are not told: the reader began later. */
  readonly spawnFloor: number;
  /** The sum of the positions in all outputs that are read: it says how much was lost when single positions do not. */
  readonly given: number;
  /** Which outputs are read, so that `given` is compared with nothing else. */
  readonly scope: number;
  /** Outputs of which more was given: the beginnings of lines that were silent or too long to be waited for. */
  readonly ahead: readonly OutputPlace[];
  /** The output of whose line only a piece was given so far. */
  readonly piece: OutputPlace | undefined;
  /** Some output is further than all this says, behind bytes that were lost. */
  readonly hasGaps: boolean;
}

/** Longest text of a position that `formatPosition` makes, as long as `ahead` takes no more than `maxAheadLength`. */
export const maxPositionLength = 119;
export const maxAheadLength = 23;

const positionPattern =
  /^(_[0-9a-z]+){3}((_[0-9a-z]*(_-?[0-9a-z]*(_[0-9a-z]*)?)?)?|_[0-9a-z]*_(-?[0-9a-z]+)?_[0-9a-z]*(_[0-9a-z]+-[0-9a-z]-[0-9a-z]+)*(\.[0-9a-z]+-[0-9a-z]-[0-9a-z]+)?)~?$/;

const number = (value: number) => value.toString(36);
const parse = (digits: string | undefined) => (digits ? Number.parseInt(digits, 36) : 0);

/**
 * `_1_2s_2s` in most cases: serial, order and given; then, where they say something, scope, floor, spawn floor and the
 * places that are ahead: `_1_5k_5k__-2__2-0-1c.3-1-80~`. All numbers are in base 36; floor is how much it is below order.
 */
export function formatPosition({ ahead, piece, hasGaps, ...rest }: StreamPosition): string {
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

/** `_2-0-1c`: the process, which of its outputs, the position. */
export function formatPlace({ processId, outputIndex, position }: OutputPlace): string {
  return `_${number(processId)}-${number(outputIndex)}-${number(position)}`;
}

/** Undefined for a text that `formatPosition` cannot have made. */
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
