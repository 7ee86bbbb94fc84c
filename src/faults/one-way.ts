import type { Socket } from "node:net";
import type { Clock } from "../proxy/link/index.ts";
import { Deque } from "../util/index.ts";
import type { FaultEnding } from "./fault-options.ts";
import { Pace } from "./pace.ts";

/** How many bytes one way keeps before it stops reading. */
export const maxHeldBytes = 256 * 1024;

interface Waiting {
  /** Undefined for the end of the bytes. */
  bytes: Buffer | undefined;
  readonly dueAt: number;
}

interface OneWayInit {
  readonly clock: Clock;
  readonly random: () => number;
  /** Ends the whole connection. */
  readonly onCut: (how: FaultEnding) => void;
}

/** Bytes on their way from one socket to the other, in order, and what befalls them. */
export class OneWay {
  readonly pace: Pace;
  readonly #clock: Clock;
  readonly #onCut: (how: FaultEnding) => void;
  readonly #waiting = new Deque<Waiting>();
  /** The first of those that wait. */
  #head: Waiting | undefined;
  #source: Socket | undefined;
  #target: Socket | undefined;
  #passedBytes = 0;
  #heldBytes = 0;
  #blackholed = false;
  #cut: { leftBytes: number; readonly how: FaultEnding } | undefined;
  /** The source broke while nothing of it could arrive. */
  #broken = false;
  /** What the source still says is read and dropped. */
  #deaf = false;
  #stopped = false;
  /** The last bytes before a cut are being written. */
  #flushing = false;
  #cancelWake: (() => void) | undefined;

  constructor(init: OneWayInit) {
    this.pace = new Pace(init.clock, init.random);
    this.#clock = init.clock;
    this.#onCut = init.onCut;
  }

  get passedBytes(): number {
    return this.#passedBytes;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  from(source: Socket): void {
    this.#source = source;
    source.on("data", (bytes: Buffer) => this.#take(bytes));
    source.on("end", () => this.finish());
  }

  to(target: Socket): void {
    this.#target = target;
    target.on("drain", () => this.pump());
    this.pump();
  }

  blackhole(): void {
    this.#blackholed = true;
  }

  cutAfter(bytes: number, how: FaultEnding): void {
    this.#cut = { leftBytes: bytes, how };
    this.pump();
  }

  /** A good network again: what waits goes on its way. */
  heal(): void {
    this.pace.heal();
    this.#blackholed = false;
    this.#cut = undefined;
    if (this.#broken) this.#onCut("reset");
    else this.pump();
  }

  /** No more bytes after those that wait; the target is told with a FIN. */
  finish(): void {
    if (this.#deaf || this.#stopped) return;
    this.#deaf = true;
    this.#waiting.push({ bytes: undefined, dueAt: this.pace.dueAt() });
    this.pump();
    // Read on, so that whoever still sends is neither held up nor unheard when it goes.
    this.#source?.resume();
  }

  /** The source is gone without a goodbye, and so is the target, once it can hear of it. */
  sourceBroke(): void {
    if (this.#stopped) return;
    if (this.#blackholed) this.#broken = true;
    else this.#onCut("reset");
  }

  /** Drops what waits, and what is still to come. */
  stop(): void {
    this.#stopped = true;
    this.#waiting.clear();
    this.#head = undefined;
    this.#heldBytes = 0;
    this.#sleep();
    this.#source?.resume();
  }

  /** Passes on what may go now. */
  pump(): void {
    this.#sleep();
    while (this.#target !== undefined && this.#mayWrite(this.#target)) {
      if (this.#cut?.leftBytes === 0) {
        this.#onCut(this.#cut.how);
        return;
      }
      this.#head ??= this.#waiting.shift();
      const next = this.#head;
      if (next === undefined) break;
      const waitMs = this.pace.waitMs(next.dueAt);
      if (waitMs > 0) {
        this.#cancelWake = this.#clock.after(Math.ceil(waitMs), () => this.pump());
        break;
      }
      if (next.bytes === undefined) {
        this.#head = undefined;
        this.#target.end();
        break;
      }
      if (!this.#write(this.#target, next, next.bytes)) break;
    }
    if (this.#heldBytes < maxHeldBytes / 2) this.#source?.resume();
  }

  #take(bytes: Buffer): void {
    if (this.#deaf || this.#stopped) return;
    this.#waiting.push({ bytes, dueAt: this.pace.dueAt() });
    this.#heldBytes += bytes.length;
    if (this.#heldBytes >= maxHeldBytes) this.#source?.pause();
    if (this.#cancelWake === undefined) this.pump();
  }

  #mayWrite(target: Socket): boolean {
    return !this.#stopped && !this.#blackholed && !this.#flushing && !target.writableNeedDrain && target.writable;
  }

  /** True when more may follow in this turn of the event loop. */
  #write(target: Socket, next: Waiting, bytes: Buffer): boolean {
    const length = Math.min(this.pace.allowance(bytes.length), this.#cut?.leftBytes ?? bytes.length);
    const piece = bytes.subarray(0, length);
    if (length === bytes.length) this.#head = undefined;
    else next.bytes = bytes.subarray(length);
    this.#heldBytes -= length;
    this.#passedBytes += length;
    this.pace.passed(length);
    if (this.#cut !== undefined) {
      this.#cut.leftBytes -= length;
      if (this.#cut.leftBytes === 0) {
        // The last bytes are on the wire before the connection is cut.
        this.#flushing = true;
        // A reader that meets bytes and a reset in one look may miss the reset: it gets a turn between them.
        target.write(piece, () => {
          setImmediate(() =>
            setImmediate(() => {
              this.#flushing = false;
              this.pump();
            }),
          );
        });
        return false;
      }
    }
    target.write(piece);
    if (!this.pace.sliced || (this.#head === undefined && this.#waiting.size === 0)) return true;
    const immediate = setImmediate(() => this.pump());
    this.#cancelWake = () => clearImmediate(immediate);
    return false;
  }

  #sleep(): void {
    this.#cancelWake?.();
    this.#cancelWake = undefined;
  }
}
