import { useEffect, useState } from "preact/hooks";

/** A second's worth of news is read in one go, and no more of it than can be heard. */
const gatherMs = 1000;
const maxSentences = 3;

type Listener = (text: string) => void;

/** Tells screen readers what happens elsewhere on the page. */
export class Announcer {
  #sentences: string[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  listener: Listener = () => {};

  say(sentence: string): void {
    if (!this.#sentences.includes(sentence)) this.#sentences.push(sentence);
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const sentences = this.#sentences;
      this.#sentences = [];
      const more = sentences.length - maxSentences;
      this.listener([...sentences.slice(0, maxSentences), ...(more > 0 ? [`and ${more} more`] : [])].join(". "));
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
