import { nextTurn, Turn } from "../util/index.ts";
import type { LinkSocketHandlers, SocketEnding } from "./link/index.ts";

interface HeldFrame {
  readonly data: Uint8Array;
  readonly kind: "binary" | "text";
}

const maxHeldFrames = 2_048;
const maxHeldBytes = 4_194_304;
// For how long frames are delivered before others have their turn.
const turnMs = 10;
// The clock is looked at after so many frames, or so many bytes.
const framesPerLook = 16;
const bytesPerLook = 65_536;

/**
 * What arrives on a socket, held while nobody listens: a peer may speak before the agents are built, and the socket may
 * change hands.
 *
 * 1. Frames are delivered in order, each once, and the end of the socket after them, once to whoever listens.
 * 2. Frames that are held are bounded.
 * 3. After `detach`, those who listened hear nothing more, also in the middle of what was held for them.
 * 4. A library hands over at once all the frames of what it has read, which may be thousands. When those have taken
 *    their time the rest is held until the event loop has turned, as far as the bound allows.
 */
export class Reception {
  readonly #onResting: (isResting: boolean) => void;
  readonly #turn = new Turn(turnMs);
  #framesToLook = framesPerLook;
  #bytesToLook = bytesPerLook;
  #resting = false;
  #handlers: LinkSocketHandlers | undefined;
  #held: HeldFrame[] = [];
  #heldBytes = 0;
  #failure: Error | undefined;
  #ending: SocketEnding | undefined;
  /** How much of the end those who listen have been told. */
  #told: "nothing" | "failing" | "closed" = "nothing";
  #delivering = false;

  /** @param onResting - Frames are held, or no longer, until the event loop has turned: time to read no further. */
  constructor(onResting: (isResting: boolean) => void = () => {}) {
    this.#onResting = onResting;
  }

  get ended(): boolean {
    return this.#ending !== undefined;
  }

  /** True when half of what may be held is: time to read no further. */
  get crowded(): boolean {
    return this.#held.length >= maxHeldFrames / 2 || this.#heldBytes >= maxHeldBytes / 2;
  }

  /** True while frames are held only until the event loop has turned. */
  get resting(): boolean {
    return this.#resting;
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
    // Late is better than lost, and than without a bound.
    if (this.#resting) this.#deliverWhile(() => this.#held.length > 0 && !this.#hasRoomFor(data));
    const waits = this.#held.length > 0 || (this.#resting && this.#hasRoomFor(data));
    if (this.#handlers !== undefined && !waits) {
      this.#handlers.onMessage(data, kind);
      this.#look(data.byteLength);
      return true;
    }
    if (!this.#hasRoomFor(data)) return false;
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

  #deliver(): void {
    this.#deliverWhile(() => !this.#resting);
  }

  // Not within itself: handlers that are attached by a handler are served by the call that is running already.
  #deliverWhile(goesOn: () => boolean): void {
    if (this.#delivering) return;
    this.#delivering = true;
    try {
      while (goesOn() && this.#handlers !== undefined && this.#deliverNext(this.#handlers));
    } finally {
      this.#delivering = false;
    }
  }

  /** Looks now and then whether the time of this turn is up. */
  #look(byteLength: number): void {
    this.#framesToLook -= 1;
    this.#bytesToLook -= byteLength;
    if (this.#framesToLook > 0 && this.#bytesToLook > 0) return;
    this.#framesToLook = framesPerLook;
    this.#bytesToLook = bytesPerLook;
    if (this.#resting || !this.#turn.spent()) return;
    this.#resting = true;
    this.#onResting(true);
    nextTurn(this.#goOn);
  }

  readonly #goOn = (): void => {
    this.#resting = false;
    this.#deliver();
    if (!this.#resting) this.#onResting(false);
  };

  #hasRoomFor(data: Uint8Array): boolean {
    return this.#held.length < maxHeldFrames && this.#heldBytes + data.byteLength <= maxHeldBytes;
  }

  #deliverNext(handlers: LinkSocketHandlers): boolean {
    const frame = this.#held.shift();
    if (frame !== undefined) {
      this.#heldBytes -= frame.data.byteLength;
      handlers.onMessage(frame.data, frame.kind);
      this.#look(frame.data.byteLength);
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
