import type { Carrier } from "./carrier.ts";
import type { Clock } from "./clock.ts";
import { type ControlFrame, readControlFrame, writeControlFrame } from "./control-frame.ts";
import type { LinkCounters } from "./counters.ts";
import type { Greet } from "./link-end.ts";
import { ackDelayMs, Receipts } from "./receipts.ts";
import { type Replay, SentLog } from "./sent-log.ts";
import type { SessionTerms } from "./session-terms.ts";
import type { Transmission } from "./transmission.ts";

export interface SessionTransmissionEvents {
  onMessage(bytes: Uint8Array): void;
  /** There is room for frames again. */
  onRoom(): void;
  /** The peer has acknowledged for the first time on this connection. */
  onConfirmed(): void;
  /** The peer ends the session. */
  onBye(): void;
  /** The peer goes away for so long. */
  onAway(retryMs: readonly [min: number, max: number]): void;
  /** The peer does not keep to the protocol. */
  onViolation(why: string): void;
}

const maxUnwrittenAcks = 64;
// What a frame costs beside its bytes.
const bytesPerEntry = 128;

/**
 * The frames of a session, over one connection after another.
 *
 * 1. A frame counts when it arrives, before anybody looks at it, and is acknowledged after it was handed over.
 * 2. What is sent is kept until it is acknowledged, within a bound. From the bound down to half of it nothing is taken.
 * 3. After a connection is gone the next one gets what the peer has not, in order, before anything new.
 */
export class SessionTransmission implements Transmission {
  readonly terms: SessionTerms;
  readonly #clock: Clock;
  readonly #counters: LinkCounters;
  readonly #events: SessionTransmissionEvents;
  readonly #log = new SentLog();
  readonly #receipts = new Receipts();
  #carrier: Carrier | undefined;
  #confirmed = false;
  #full = false;
  #held = false;
  /** The peer wants a sign of life. */
  #isAsked = false;
  #cancelAck: (() => void) | undefined;

  constructor(terms: SessionTerms, clock: Clock, counters: LinkCounters, events: SessionTransmissionEvents) {
    this.terms = terms;
    this.#clock = clock;
    this.#counters = counters;
    this.#events = events;
  }

  get maxFrameBytes(): number {
    return this.terms.maxFrameBytes;
  }

  get heldBytes(): number {
    return this.#log.bytes;
  }

  /** What is held costs about so much memory. */
  get weight(): number {
    return this.#log.bytes + this.#log.frames * bytesPerEntry;
  }

  get isWritten(): boolean {
    return !this.#log.hasNext;
  }

  /** How many frames of the peer's have been handed over here. */
  get received(): number {
    return this.#receipts.received;
  }

  accepts(byteLength: number): boolean {
    if (this.#full) return false;
    this.#full = this.#reachesBound(byteLength);
    return !this.#full;
  }

  take(bytes: Uint8Array, replayable: boolean): void {
    if (this.#carrier === undefined && !replayable) {
      this.#log.pushLeftOut();
      this.#counters.skipped += 1;
      return;
    }
    this.#log.push(bytes, replayable);
    this.write();
  }

  write(): void {
    const carrier = this.#carrier;
    while (carrier?.accepts === true) {
      const next = this.#log.next();
      if (next === undefined) return;
      if (next.bytes === undefined) carrier.sendControl(writeControlFrame({ t: "skip", count: next.count }));
      else carrier.send(next.bytes);
    }
  }

  /** True for a number of received frames that a peer may name when it comes back. */
  couldHaveArrived(received: number): boolean {
    return this.#log.couldHaveArrived(received);
  }

  /**
   * Goes on over this connection, after {@link couldHaveArrived}. What `greet` makes of the number of frames received
   * here is said before anything else.
   */
  attach(carrier: Carrier, received: number, greet: Greet): Replay {
    this.#log.resumeAfter(received);
    this.#counters.acknowledged = this.#log.acknowledged;
    this.#carrier = carrier;
    this.#confirmed = false;
    this.#full = false;
    const greeting = greet(this.#receipts.tell());
    if (greeting !== undefined) carrier.sendControl(writeControlFrame(greeting));
    const replay = this.#log.replay;
    this.#counters.replayed += replay.replayed;
    this.write();
    return replay;
  }

  /** The connection is gone, and there will be another one. */
  detach(): void {
    this.release();
    this.#full = false;
    this.#counters.skipped += this.#log.detach();
  }

  /** It is all over: nothing is kept, and the numbers stay. */
  end(): void {
    this.release();
    this.#log.clear();
  }

  /** The connection is gone. */
  release(): void {
    this.#carrier = undefined;
    this.#cancelAck?.();
    this.#cancelAck = undefined;
  }

  receive(data: Uint8Array, kind: "binary" | "text"): void {
    if (kind === "text") {
      this.#control(readControlFrame(data));
      return;
    }
    this.#receipts.count(data.byteLength);
    this.#events.onMessage(data);
    this.#acknowledge();
  }

  receiveOversize(kind: "binary" | "text"): void {
    if (kind === "text") {
      this.#events.onViolation("it sent a control frame that is too long");
      return;
    }
    this.#receipts.count(0);
    this.#acknowledge();
  }

  /** While it is on, what arrives is not acknowledged, so that the peer stops at its bound. */
  holdBack(on: boolean): void {
    this.#held = on;
    if (!on && this.#receipts.pending) this.#acknowledgeSoon();
  }

  /** Asks the peer for a sign of life. */
  ask(): void {
    this.#tell();
  }

  sayGoodbye(retryMs?: readonly [min: number, max: number]): void {
    this.#held = false;
    if (this.#receipts.pending) this.#tell();
    this.#carrier?.sendControl(writeControlFrame(retryMs === undefined ? { t: "bye" } : { t: "away", retryMs }));
  }

  unacknowledged(): number {
    return this.#log.unacknowledged;
  }

  #control(frame: ControlFrame | undefined): void {
    switch (frame?.t) {
      case "ack":
        this.#peerHas(frame.received);
        break;
      case "skip":
        this.#counters.skippedByPeer += frame.count;
        // A few bytes may stand for any number of frames, so they are not worth an answer each.
        if (this.#receipts.skip(frame.count)) this.#acknowledgeSoon();
        else this.#events.onViolation("it leaves out more frames than there can be");
        break;
      case "bye":
        // The last chance: behind it comes the close, after which nothing can be said.
        this.#held = false;
        this.#tell();
        this.#events.onBye();
        break;
      case "away":
        this.#events.onAway(frame.retryMs);
        break;
      default:
        this.#events.onViolation(frame === undefined ? "it sent no control frame" : `it said ${frame.t} in a session`);
    }
  }

  #peerHas(received: number): void {
    const before = this.#log.acknowledged;
    if (!this.#log.acknowledge(received)) {
      this.#events.onViolation(`it acknowledged frame ${received}, which it cannot have`);
      return;
    }
    this.#counters.acknowledged = received;
    if (!this.#confirmed) {
      this.#confirmed = true;
      this.#events.onConfirmed();
    } else if (received === before && this.#carrier?.canPing === true) {
      // A peer that cannot ping asks in this way, and sees no other sign of life. Soon is soon enough.
      this.#isAsked = true;
      this.#acknowledgeSoon();
    }
    if (this.#full && !this.#hasRoom()) return;
    this.#full = false;
    this.#events.onRoom();
  }

  /** Half of the bound, so that a sender is not woken for every frame. */
  #hasRoom(): boolean {
    const { maxFrames, maxBytes } = this.terms;
    return this.#log.frames <= maxFrames / 2 && this.#log.bytes <= maxBytes / 2;
  }

  #reachesBound(byteLength: number): boolean {
    const { maxFrames, maxBytes } = this.terms;
    if (this.#log.frames === 0) return false;
    return this.#log.frames >= maxFrames || this.#log.bytes + byteLength > maxBytes;
  }

  #acknowledge(): void {
    if (this.#held) return;
    // A peer that does not read is not told more and more.
    if (this.#receipts.due && (this.#carrier?.unwrittenControls ?? 0) < maxUnwrittenAcks) this.#tell();
    else this.#acknowledgeSoon();
  }

  #acknowledgeSoon(): void {
    if (this.#carrier === undefined) return;
    this.#cancelAck ??= this.#clock.after(ackDelayMs, () => {
      this.#cancelAck = undefined;
      if (!this.#held || this.#isAsked) this.#tell();
    });
  }

  #tell(): void {
    this.#cancelAck?.();
    this.#cancelAck = undefined;
    this.#isAsked = false;
    const received = this.#held ? this.#receipts.told : this.#receipts.tell();
    this.#carrier?.sendControl(writeControlFrame({ t: "ack", received }));
  }
}
