export interface BrakeOptions {
  /** From so much on, in bytes or in messages, the peer is held back, until half of it is handled. */
  readonly maxBytes: number;
  readonly maxMessages: number;
  /** How long the peer may be held back while nothing at all is handled. */
  readonly patienceMs: number;
  hold(on: boolean): void;
}

/** What waits to be handled. */
export interface Waiting {
  readonly bytes: number;
  readonly messages: number;
}

/**
 * Holds a peer back while too much of what it sent waits to be handled here.
 *
 * 1. Two peers that hold each other back would wait for ever. So a peer is let go while it does not take what we send:
 *    the work here may be waiting for just that.
 * 2. It is let go, too, when nothing is handled for too long, whatever the work is waiting for.
 *
 * What comes then is bounded by whoever takes it.
 */
export class Brake {
  readonly #options: BrakeOptions;
  #held = false;
  #isPeerSlow = false;
  /** It has let go, and nothing was handled since. */
  #gaveUp = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: BrakeOptions) {
    this.#options = options;
  }

  /** Something has come. */
  more(waiting: Waiting): void {
    if (!this.#held && !this.#gaveUp && !this.#isPeerSlow && this.#share(waiting) >= 1) this.#hold();
  }

  /** Something was handled. */
  less(waiting: Waiting): void {
    this.#gaveUp = false;
    if (!this.#held) return;
    clearTimeout(this.#timer);
    if (this.#share(waiting) <= 0.5) this.#release();
    else this.#wait();
  }

  /** The peer does not take what we send, or takes it again. */
  peerIsSlow(isSlow: boolean): void {
    this.#isPeerSlow = isSlow;
    if (isSlow && this.#held) this.#release();
  }

  /** Lets go for good. */
  end(): void {
    if (this.#held) this.#release();
  }

  #share({ bytes, messages }: Waiting): number {
    return Math.max(bytes / this.#options.maxBytes, messages / this.#options.maxMessages);
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
