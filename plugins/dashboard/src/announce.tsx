import { useEffect, useState } from "preact/hooks";

/** Announcements within this time are read together, at most `maxSentences` of them. */
const gatherMs = 1000;
const maxSentences = 3;

type Listener = (text: string) => void;

/** Announces events to screen readers. */
export class Announcer {
  #sentences: string[] = [];
  #moreCount = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  listener: Listener = () => {};

  say(sentence: string): void {
    if (this.#sentences.includes(sentence)) return;
    if (this.#sentences.length < maxSentences) this.#sentences.push(sentence);
    else this.#moreCount += 1;
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const more = this.#moreCount > 0 ? [`and ${this.#moreCount} more`] : [];
      this.listener([...this.#sentences, ...more].join(". "));
      this.#sentences = [];
      this.#moreCount = 0;
    }, gatherMs);
  }
}

export function Announcements({ announcer }: { announcer: Announcer }) {
  const [text, setText] = useState("");
  useEffect(() => {
    announcer.listener = setText;
  }, [announcer]);
  return (
    <div role="status" class="unseen">
      {text}
    </div>
  );
}
