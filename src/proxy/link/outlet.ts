import { TrunklineError } from "../../errors.ts";
import { done } from "../../util/index.ts";
import type { LinkCounters } from "./counters.ts";
import type { ResolvedLinkOptions } from "./options.ts";
import { Outbox } from "./outbox.ts";
import type { Transmission } from "./transmission.ts";

export interface OutletEvents {
  /** Senders wait. */
  onSlow(bufferedBytes: number): void;
  /** No sender waits any more. */
  onCaughtUp(): void;
}

/**
 * Where frames leave a link: at once when the transmission takes them, else from a queue, in order. A sender waits for
 * its frame to leave the queue; when that is full, its frame is refused.
 */
export class Outlet {
  readonly #options: ResolvedLinkOptions;
  readonly #counters: LinkCounters;
  readonly #events: OutletEvents;
  readonly #outbox: Outbox;
  #transmission: Transmission | undefined;
  #slowSince: number | undefined;

  constructor(options: ResolvedLinkOptions, counters: LinkCounters, events: OutletEvents) {
    this.#options = options;
    this.#counters = counters;
    this.#events = events;
    this.#outbox = new Outbox(options.maxQueuedFrames, options.maxQueuedBytes);
  }

  set transmission(transmission: Transmission) {
    this.#transmission = transmission;
  }

  /** How many frames wait in the queue. */
  get queuedFrames(): number {
    return this.#outbox.size;
  }

  get queuedBytes(): number {
    return this.#outbox.bytes;
  }

  /** Bytes that wait, in the queue and beyond it. */
  get bufferedBytes(): number {
    return this.#outbox.bytes + (this.#transmission?.heldBytes ?? 0);
  }

  /** The error for a frame that is larger than the peer takes. */
  refusal(byteLength: number): TrunklineError | undefined {
    const limit = this.#transmission?.maxFrameBytes ?? this.#options.maxFrameBytes;
    if (byteLength <= limit) return undefined;
    this.#counters.rejectedOutboundSize += 1;
    return new TrunklineError(
      "TL_MESSAGE_TOO_LARGE",
      `A message of ${byteLength} bytes was not sent: the limit is ${limit}. Split it, or raise the limit on both sides.`,
    );
  }

  /** Takes the frame past the queue, which it may when nothing waits there. False: it has to wait. */
  offer(bytes: Uint8Array, replayable: boolean): boolean {
    const transmission = this.#transmission;
    if (this.#outbox.size > 0 || transmission?.accepts(bytes.byteLength) !== true) return false;
    transmission.take(bytes, replayable);
    this.#notePeak();
    return true;
  }

  /** Has the frame wait in the queue. */
  queue(bytes: Uint8Array, replayable: boolean): Promise<void> {
    const left = this.#outbox.push(bytes, replayable);
    this.#notePeak();
    // Before there is a connection nobody is slow.
    if (this.#transmission !== undefined) this.#noteSlow();
    return left ?? Promise.reject(this.#full());
  }

  send(bytes: Uint8Array, replayable: boolean): Promise<void> {
    return this.offer(bytes, replayable) ? done : this.queue(bytes, replayable);
  }

  /** Lets as much leave as can. True when nothing is left to be written. */
  pump(): boolean {
    const transmission = this.#transmission;
    if (transmission === undefined) return false;
    transmission.write();
    for (let entry = this.#outbox.first; entry !== undefined; entry = this.#outbox.first) {
      const { bytes, replayable, handedOver } = entry;
      // It was queued when nobody knew yet how much this peer takes.
      const refusal = this.refusal(bytes.byteLength);
      if (refusal === undefined && !transmission.accepts(bytes.byteLength)) return false;
      this.#outbox.shift();
      if (refusal === undefined) {
        transmission.take(bytes, replayable);
        handedOver.resolve();
      } else handedOver.reject(refusal);
    }
    this.#noteQuick();
    return transmission.isWritten;
  }

  /** Nothing will leave any more: every sender that waits hears why. */
  end(error: Error): void {
    this.#noteQuick();
    this.#outbox.reject(error);
  }

  #noteSlow(): void {
    if (this.#slowSince !== undefined) return;
    this.#slowSince = this.#options.clock.now();
    this.#counters.slowed += 1;
    this.#events.onSlow(this.bufferedBytes);
  }

  #noteQuick(): void {
    if (this.#slowSince === undefined) return;
    this.#counters.slowMs += this.#options.clock.now() - this.#slowSince;
    this.#slowSince = undefined;
    this.#events.onCaughtUp();
  }

  #notePeak(): void {
    this.#counters.peakBufferedBytes = Math.max(this.#counters.peakBufferedBytes, this.bufferedBytes);
  }

  #full(): TrunklineError {
    this.#counters.rejectedOutboundFull += 1;
    const { size, bytes } = this.#outbox;
    return new TrunklineError(
      "TL_LINK_FULL",
      `A message was not sent: ${size} messages (${bytes} bytes) already wait for the peer. Wait for the promise of send() before the next one.`,
    );
  }
}
