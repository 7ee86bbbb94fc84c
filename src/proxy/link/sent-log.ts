import { Deque } from "../../util/index.ts";

/** What is to be written next: a frame, or the word that so many are left out. */
export interface NextFrame {
  /** Undefined for frames that are left out. */
  readonly bytes: Uint8Array | undefined;
  /** How many frames it stands for; 1 unless they are left out. */
  readonly count: number;
}

/** What is done to bring a session to another connection, in frames. */
export interface Replay {
  /** Sent again. */
  readonly replayed: number;
  /** Left out, as they are not worth it. */
  readonly skipped: number;
}

interface Entry {
  bytes: Uint8Array | undefined;
  count: number;
  readonly replayable: boolean;
  written: boolean;
}

/**
 * The frames of one direction that are not acknowledged, under their numbers.
 *
 * 1. A frame has the next number from the moment it is pushed, and is kept until that number is acknowledged.
 * 2. `next` gives each frame once a connection, in order; `rewind` starts over after what the peer has.
 * 3. A frame that is not worth replaying keeps its number and loses its bytes when a connection ends.
 */
export class SentLog {
  /** Given to the present connection; before them everything is acknowledged, after them come the waiting. */
  readonly #written = new Deque<Entry>();
  #waiting = new Deque<Entry>();
  #acknowledged = 0;
  #cursor = 0;
  #highest = 0;
  #pushed = 0;
  #frames = 0;
  #bytes = 0;

  /** The last number that was acknowledged. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** How many frames are not acknowledged, those left out among them. */
  get unacknowledged(): number {
    return this.#pushed - this.#acknowledged;
  }

  /** How many frames are kept. */
  get frames(): number {
    return this.#frames;
  }

  /** How many bytes are in them. */
  get bytes(): number {
    return this.#bytes;
  }

  get hasNext(): boolean {
    return this.#waiting.size > 0;
  }

  /** Forgets the frames, and not their numbers. */
  clear(): void {
    this.#written.clear();
    this.#waiting.clear();
    this.#frames = 0;
    this.#bytes = 0;
  }

  /** What a connection that begins now has to catch up with. */
  get replay(): Replay {
    let replayed = 0;
    let skipped = 0;
    for (const { bytes, count, written } of this.#waiting) {
      if (bytes === undefined) skipped += count;
      else if (written) replayed += 1;
    }
    return { replayed, skipped };
  }

  push(bytes: Uint8Array, replayable: boolean): void {
    this.#pushed += 1;
    this.#frames += 1;
    this.#bytes += bytes.byteLength;
    this.#waiting.push({ bytes, count: 1, replayable, written: false });
  }

  next(): NextFrame | undefined {
    const entry = this.#waiting.shift();
    if (entry === undefined) return undefined;
    this.#written.push(entry);
    this.#cursor += entry.count;
    entry.written = true;
    this.#highest = Math.max(this.#highest, this.#cursor);
    return entry;
  }

  /** Everything up to this number has arrived. False when it cannot have: it is lower than before, or not sent yet. */
  acknowledge(received: number): boolean {
    if (received < this.#acknowledged || received > this.#cursor) return false;
    this.#forget(this.#written, received);
    return true;
  }

  /** The connection is gone: what was written may have to be written again, and what is stale never will be: how many. */
  detach(): number {
    const kept = new Deque<Entry>();
    let leftOut = 0;
    for (const entry of [...this.#written, ...this.#waiting]) {
      if (!entry.replayable && entry.bytes !== undefined) {
        this.#leaveOut(entry);
        leftOut += 1;
      }
      const { last } = kept;
      if (entry.bytes === undefined && last !== undefined && last.bytes === undefined) last.count += entry.count;
      else kept.push(entry);
    }
    this.#written.clear();
    this.#waiting = kept;
    this.#cursor = this.#acknowledged;
    return leftOut;
  }

  /** A frame that is stale before it could be written: it takes a number, and no room. */
  pushLeftOut(): void {
    this.#pushed += 1;
    const { last } = this.#waiting;
    if (last !== undefined && last.bytes === undefined) last.count += 1;
    else this.#waiting.push({ bytes: undefined, count: 1, replayable: false, written: false });
  }

  /** After {@link detach}: the peer has everything up to this number, and gets the rest. False when it cannot have. */
  resumeAfter(received: number): boolean {
    if (!this.couldHaveArrived(received)) return false;
    this.#forget(this.#waiting, received);
    this.#cursor = this.#acknowledged;
    return true;
  }

  /** True for a number that a peer may name when it comes back. */
  couldHaveArrived(received: number): boolean {
    return received >= this.#acknowledged && received <= this.#highest;
  }

  #forget(queue: Deque<Entry>, upTo: number): void {
    while (this.#acknowledged < upTo) {
      const entry = queue.first;
      if (entry === undefined) return;
      const count = Math.min(entry.count, upTo - this.#acknowledged);
      this.#acknowledged += count;
      entry.count -= count;
      if (entry.count > 0) return;
      queue.shift();
      this.#release(entry);
    }
  }

  #release({ bytes }: Entry): void {
    if (bytes === undefined) return;
    this.#frames -= 1;
    this.#bytes -= bytes.byteLength;
  }

  #leaveOut(entry: Entry): void {
    this.#release(entry);
    entry.bytes = undefined;
  }
}
