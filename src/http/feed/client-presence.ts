import type { LeaseHold } from "../../leases/leased.ts";
import type { Arrival } from "../listen/connection.ts";

/** How long a client is believed to be there if nothing was sent, and it is unknown what it has received. */
const longestSilenceMs = 3_600_000;

/**
 * Whether the client of a stream is still there. A socket that is neither read nor closed looks open for hours, and for ever
 * if nothing is sent. So the client counts as there while it has acknowledged everything that was sent, or more than before;
 * and if the sender cannot tell, while it takes what is sent.
 */
export class ClientPresence implements LeaseHold {
  #seenMs = performance.now();
  #takenMs = this.#seenMs;
  #isWaiting = true;
  #arrival: Arrival | undefined;
  #acknowledgedBytes = -1;

  onConnected(arrival: Arrival): void {
    this.#arrival = arrival;
  }

  /** Call before more is sent: everything before was given to the kernel. */
  beforeSending(): void {
    this.#isWaiting = true;
    this.seenMs();
  }

  /** Call when something is sent. */
  sending(): void {
    this.#takenMs = performance.now();
    this.#isWaiting = false;
  }

  seenMs(): number {
    if (this.#isThere()) this.#seenMs = performance.now();
    return this.#seenMs;
  }

  #isThere(): boolean {
    const pendingBytes = this.#arrival?.pendingBytes();
    if (this.#arrival === undefined || pendingBytes === undefined) {
      return this.#isWaiting && performance.now() < this.#takenMs + longestSilenceMs;
    }
    const acknowledgedBytes = this.#arrival.sentBytes - pendingBytes;
    const hasProgress = acknowledgedBytes > this.#acknowledgedBytes;
    this.#acknowledgedBytes = Math.max(acknowledgedBytes, this.#acknowledgedBytes);
    return pendingBytes === 0 || hasProgress;
  }
}

/** Whether the client of a WebSocket is still there: it answers pings. */
export class PingedPresence implements LeaseHold {
  /** When the first ping was sent that was not answered yet. */
  #askedMs: number | undefined;

  asked(): void {
    this.#askedMs ??= performance.now();
  }

  answered(): void {
    this.#askedMs = undefined;
  }

  seenMs(): number {
    return this.#askedMs ?? performance.now();
  }
}
