export interface BrakeOptions {
  /** From so much on, in bytes or in messages, the peer is held back, until half of it is handled. */
  readonly maxBytes: number;
  readonly maxMessages: number;
  /** How long the peer may be held back while nothing at all is handled. */
  readonly patienceMs: number;
  hold(on: boolean): void;
}

/**
 * Holds a peer back while too much of what it sent waits to be handled here.
 *
 * Two peers whose agents each wait for the other to take something would wait for ever. So it lets go when nothing is
 * handled for too long; what comes then is bounded by whoever takes it.
 */
export class Brake {
  readonly #options: BrakeOptions;
  #bytes = 0;
  #messages = 0;
  #held = false;
  /** It has let go, and nothing was handled since. */
  #gaveUp = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: BrakeOptions) {
    this.#options = options;
  }

  /** How much waits, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  get messages(): number {
    return this.#messages;
  }

  arrived(bytes: number): void {
    this.#bytes += bytes;
    this.#messages += 1;
    if (!this.#held && !this.#gaveUp && this.#share >= 1) this.#hold();
  }

  handled(bytes: number, messages: number): void {
    this.#bytes -= bytes;
    this.#messages -= messages;
    this.#gaveUp = false;
    if (!this.#held) return;
    clearTimeout(this.#timer);
    if (this.#share <= 0.5) this.#release();
    else this.#wait();
  }

  /** Lets go for good. */
  end(): void {
    if (this.#held) this.#release();
  }

  get #share(): number {
    return Math.max(this.#bytes / this.#options.maxBytes, this.#messages / this.#options.maxMessages);
  }

  #hold(): void {
    this.#held = true;
    this.#options.hold(true);
    this.#wait();
  }

  #wait(): void {
    this.#timer = setTimeout(() => {
      this.#gaveUp = true;
      this.#release();
    }, this.#options.patienceMs);
  }

  #release(): void {
    clearTimeout(this.#timer);
    this.#held = false;
    this.#options.hold(false);
  }
}
