import type { LinkSocketHandlers, SocketEnding } from "./link/index.ts";

interface HeldFrame {
  readonly data: Uint8Array;
  readonly kind: "binary" | "text";
}

const maxHeldFrames = 2_048;
const maxHeldBytes = 4_194_304;

/**
 * What arrives on a socket, held until somebody listens: a peer may speak before the agents are built.
 *
 * 1. Frames are delivered in order, and the end of the socket once, after them.
 * 2. Frames that are held are bounded.
 */
export class Reception {
  #handlers: LinkSocketHandlers | undefined;
  #held: HeldFrame[] = [];
  #heldBytes = 0;
  #ending: SocketEnding | undefined;

  get ended(): boolean {
    return this.#ending !== undefined;
  }

  /** True when half of what may be held is: time to read no further. */
  get crowded(): boolean {
    return this.#held.length >= maxHeldFrames / 2 || this.#heldBytes >= maxHeldBytes / 2;
  }

  attach(handlers: LinkSocketHandlers): void {
    const held = this.#held;
    const endedBefore = this.#ending;
    this.#handlers = handlers;
    this.#held = [];
    this.#heldBytes = 0;
    for (const { data, kind } of held) handlers.onMessage(data, kind);
    if (endedBefore !== undefined) handlers.onClose(endedBefore);
  }

  /** False when nobody listens and too much is held already; the frame is gone. */
  message(data: Uint8Array, kind: "binary" | "text"): boolean {
    if (this.ended) return true;
    if (this.#handlers !== undefined) {
      this.#handlers.onMessage(data, kind);
      return true;
    }
    if (this.#held.length >= maxHeldFrames || this.#heldBytes + data.byteLength > maxHeldBytes) return false;
    this.#held.push({ data, kind });
    this.#heldBytes += data.byteLength;
    return true;
  }

  drain(): void {
    if (!this.ended) this.#handlers?.onDrain();
  }

  failing(error: Error): void {
    if (!this.ended) this.#handlers?.onFailing(error);
  }

  close(ending: SocketEnding): void {
    if (this.ended) return;
    this.#ending = ending;
    this.#handlers?.onClose(ending);
  }
}

/** A close reason that fits into a control frame, cut at a whole character. */
export function closeReason(reason: string): string {
  const { read } = new TextEncoder().encodeInto(reason, new Uint8Array(123));
  return reason.slice(0, read);
}
