import type { LinkSocketHandlers, SocketEnding } from "./link/index.ts";

interface HeldFrame {
  readonly data: Uint8Array;
  readonly kind: "binary" | "text";
}

const maxHeldFrames = 2_048;
const maxHeldBytes = 4_194_304;

/**
 * What arrives on a socket, held while nobody listens: a peer may speak before the agents are built, and the socket may
 * change hands.
 *
 * 1. Frames are delivered in order, each once, and the end of the socket after them, once to whoever listens.
 * 2. Frames that are held are bounded.
 * 3. After `detach`, those who listened hear nothing more, also in the middle of what was held for them.
 */
export class Reception {
  #handlers: LinkSocketHandlers | undefined;
  #held: HeldFrame[] = [];
  #heldBytes = 0;
  #failure: Error | undefined;
  #ending: SocketEnding | undefined;
  /** How much of the end those who listen have been told. */
  #told: "nothing" | "failing" | "closed" = "nothing";
  #delivering = false;

  get ended(): boolean {
    return this.#ending !== undefined;
  }

  /** True when half of what may be held is: time to read no further. */
  get crowded(): boolean {
    return this.#held.length >= maxHeldFrames / 2 || this.#heldBytes >= maxHeldBytes / 2;
  }

  attach(handlers: LinkSocketHandlers): void {
    this.#handlers = handlers;
    this.#told = "nothing";
    this.#deliver();
  }

  detach(): void {
    this.#handlers = undefined;
  }

  /** False when nobody listens and too much is held already; the frame is gone. */
  message(data: Uint8Array, kind: "binary" | "text"): boolean {
    if (this.ended) return true;
    if (this.#handlers !== undefined && this.#held.length === 0) {
      this.#handlers.onMessage(data, kind);
      return true;
    }
    if (this.#held.length >= maxHeldFrames || this.#heldBytes + data.byteLength > maxHeldBytes) return false;
    this.#held.push({ data, kind });
    this.#heldBytes += data.byteLength;
    this.#deliver();
    return true;
  }

  drain(): void {
    if (!this.ended) this.#handlers?.onDrain();
  }

  failing(error: Error): void {
    if (this.ended) return;
    this.#failure = error;
    this.#deliver();
  }

  close(ending: SocketEnding): void {
    if (this.ended) return;
    this.#ending = ending;
    this.#deliver();
  }

  // Not within itself: handlers that are attached by a handler are served by the call that is running already.
  #deliver(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    try {
      while (this.#handlers !== undefined && this.#deliverNext(this.#handlers));
    } finally {
      this.#delivering = false;
    }
  }

  #deliverNext(handlers: LinkSocketHandlers): boolean {
    const frame = this.#held.shift();
    if (frame !== undefined) {
      this.#heldBytes -= frame.data.byteLength;
      handlers.onMessage(frame.data, frame.kind);
      return true;
    }
    if (this.#ending !== undefined && this.#told !== "closed") {
      this.#told = "closed";
      handlers.onClose(this.#ending);
      return true;
    }
    if (this.#failure !== undefined && this.#told === "nothing") {
      this.#told = "failing";
      handlers.onFailing(this.#failure);
      return true;
    }
    return false;
  }
}

/** A close reason that fits into a control frame, cut at a whole character. */
export function closeReason(reason: string): string {
  const { read } = new TextEncoder().encodeInto(reason, new Uint8Array(123));
  return reason.slice(0, read);
}
