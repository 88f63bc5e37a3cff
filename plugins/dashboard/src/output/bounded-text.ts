/** No parameter has more digits: the highest modes, such as 1049 and 2026, have four. */
const maxParameter = 9999;
/** A sequence repeats at most this often. */
const maxCount = 300;
/** Final bytes of the sequences whose first parameter is a count for which the terminal runs a loop. */
const repeating = "@ILMPSTXZ^b";
/** These move lines, which costs the terminal as much as this many characters. */
const lineMoving = "LMST^";
const lineCost = 8;
/** What repetitions may cost: so much at once, and so much for each character of the text. */
const maxCredit = 20_000;
const creditPerCharacter = 4;
/** More parameters and intermediates than any terminal reads. A longer sequence is dropped. */
const maxSequenceLength = 256;
/** A cell gets at most this many combining characters in a row. */
const maxMarks = 8;

const zeroWidth = /[\p{Mn}\p{Me}\p{Cf}\u1160-\u11FF]/u;
// oxlint-disable-next-line no-control-regex
const needsCare = /[\u001B\u009B\p{Mn}\p{Me}\p{Cf}\u1160-\u11FF]/u;

// Control characters do not, because the cursor may stay on its cell.
// oxlint-disable-next-line no-control-regex
const movesOn = /[^\u0000-\u001F\u007F-\u009F]/;

const [cancel, substitute, escape, space, del, c1Csi] = [0x18, 0x1a, 0x1b, 0x20, 0x7f, 0x9b];

/**
 * Limits what output can cost the terminal: huge numbers in control sequences (`CSI 2147483647 b` repeats a character two
 * billion times), many sequences that repeat, and endless combining characters on one cell. Any other text is unchanged.
 * A sequence can be cut anywhere: its beginning is kept until the rest comes.
 */
export class BoundedText {
  #state: "text" | "escape" | "sequence" = "text";
  /** The parameters and intermediates of the sequence so far. */
  #sequence = "";
  #credit = maxCredit;
  #marks = 0;

  /** The text for the terminal. */
  next(text: string): string {
    if (this.#state === "text" && !needsCare.test(text)) {
      this.#earn(text);
      if (movesOn.test(text)) this.#marks = 0;
      return text;
    }
    let bounded = "";
    for (const character of text) {
      this.#earn(character);
      bounded += this.#take(character);
    }
    return bounded;
  }

  /** Call when the terminal is reset. */
  reset(): void {
    this.#state = "text";
    this.#sequence = "";
    this.#marks = 0;
  }

  #earn(text: string): void {
    this.#credit = Math.min(maxCredit, this.#credit + text.length * creditPerCharacter);
  }

  #take(character: string): string {
    const code = character.codePointAt(0)!;
    if (code === escape) return this.#begin("escape");
    if (code === c1Csi) return this.#begin("sequence");
    if (this.#state === "text") return this.#limitMarks(character, code);
    if (code === cancel || code === substitute || code > del) {
      this.#state = "text";
      return this.#limitMarks(character, code);
    }
    // The terminal executes other control characters within a sequence, and ignores DEL.
    if (code < space) return character;
    if (code === del) return "";
    if (this.#state === "escape") {
      if (character === "[") return this.#begin("sequence");
      this.#state = "text";
      return `\u001B${character}`;
    }
    if (code >= 0x40) return this.#end(character);
    if (this.#sequence.length <= maxSequenceLength) this.#sequence += character;
    return "";
  }

  #begin(state: "escape" | "sequence"): string {
    this.#state = state;
    this.#sequence = "";
    return "";
  }

  #end(final: string): string {
    this.#state = "text";
    if (this.#sequence.length > maxSequenceLength) return "";
    const parameters = this.#sequence.replaceAll(/\d+/g, (digits) => String(Math.min(Number(digits), maxParameter)));
    const bounded = repeating.includes(final) ? this.#limitCount(parameters, final) : parameters;
    return `\u001B[${bounded}${final}`;
  }

  #limitCount(parameters: string, final: string): string {
    const cost = lineMoving.includes(final) ? lineCost : 1;
    return parameters.replace(/^\d+/, (digits) => {
      const affordable = Math.max(1, Math.floor(this.#credit / cost));
      const count = Math.min(Number(digits), maxCount, affordable);
      this.#credit = Math.max(0, this.#credit - count * cost);
      return String(count);
    });
  }

  /** Escape sequences and control characters do not reset the number of marks, because they may stay on the cell. */
  #limitMarks(character: string, code: number): string {
    if (!zeroWidth.test(character)) {
      if (code >= space && !(code >= del && code < 0xa0)) this.#marks = 0;
      return character;
    }
    this.#marks += 1;
    return this.#marks > maxMarks ? "" : character;
  }
}
