import type { Carrier } from "./carrier.ts";
import type { Transmission } from "./transmission.ts";

/** Plain mode: a message a frame, of either kind, on one connection. What the socket has taken is gone. */
export class PlainTransmission implements Transmission {
  readonly maxFrameBytes: number;
  readonly isWritten = true;
  readonly receive: (data: Uint8Array) => void;
  readonly #carrier: Carrier;

  constructor(carrier: Carrier, maxFrameBytes: number, onMessage: (data: Uint8Array) => void) {
    this.#carrier = carrier;
    this.maxFrameBytes = maxFrameBytes;
    this.receive = onMessage;
  }

  get heldBytes(): number {
    return this.#carrier.bufferedBytes;
  }

  accepts(): boolean {
    return this.#carrier.accepts;
  }

  take(bytes: Uint8Array): void {
    this.#carrier.send(bytes);
  }

  write(): void {}

  receiveOversize(): void {}

  sayGoodbye(): void {}

  unacknowledged(unwrittenFrames: number): number {
    return unwrittenFrames;
  }
}
