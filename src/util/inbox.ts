import { type Deferred, deferred, done, isPromiseLike } from "./deferred.ts";
import { Deque } from "./deque.ts";
import { nextTurn, type Turn } from "./turn.ts";

/** Who handles the items, and who hears of a handler that failed. */
export interface InboxOptions<T> {
  readonly turn: Turn;
  handle(item: T): void | Promise<void>;
  onError(error: unknown, item: T): void;
}

/** How many items wait. */
export interface InboxDepth {
  readonly urgent: number;
  readonly ordinary: number;
}

interface Lane<T> {
  readonly queue: Deque<T>;
  busy: boolean;
}

/**
 * Two lanes of items, each handled one at a time and in order.
 *
 * 1. An urgent item never waits behind an ordinary one: not behind a queue, not behind a handler that still awaits.
 * 2. A handler that returns nothing costs no promise; one that returns a promise holds up its own lane only.
 * 3. Draining stops when the turn is spent and goes on in the next, so timers and sockets get their share.
 * 4. A failing handler is reported and stops nothing.
 */
export class Inbox<T> {
  readonly #options: InboxOptions<T>;
  readonly #urgent: Lane<T> = { queue: new Deque(), busy: false };
  readonly #ordinary: Lane<T> = { queue: new Deque(), busy: false };
  #scheduled = false;
  #closed = false;
  #room: { readonly size: number; readonly deferred: Deferred<void> } | undefined;
  #idle: Deferred<void> | undefined;

  constructor(options: InboxOptions<T>) {
    this.#options = options;
  }

  get depth(): InboxDepth {
    return { urgent: this.#urgent.queue.size, ordinary: this.#ordinary.queue.size };
  }

  /** Ordinary items that wait; the number a limit is compared with. */
  get size(): number {
    return this.#ordinary.queue.size;
  }

  /** True while an ordinary item is being handled. */
  get busy(): boolean {
    return this.#ordinary.busy;
  }

  push(item: T, urgent: boolean): void {
    if (this.#closed) return;
    (urgent ? this.#urgent : this.#ordinary).queue.push(item);
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(this.#drain);
  }

  /** Resolves once at most `size` ordinary items wait, or the inbox is closed. */
  roomFor(size: number): Promise<void> {
    this.#room ??= { size, deferred: deferred() };
    return this.#room.deferred.promise;
  }

  /** Resolves once no ordinary item waits or is being handled, or the inbox is closed. */
  idle(): Promise<void> {
    if (this.#isIdle) return done;
    this.#idle ??= deferred();
    return this.#idle.promise;
  }

  /** Takes out the ordinary items for which `keep` is false; returns how many. */
  retain(keep: (item: T) => boolean): number {
    const dropped = this.#ordinary.queue.retain(keep);
    this.#offerRoom();
    return dropped;
  }

  /** Forgets what waits. A handler in flight ends by itself. */
  clear(): void {
    this.#urgent.queue.clear();
    this.#ordinary.queue.clear();
    this.#offerRoom();
    this.#tellIdle();
  }

  /** Forgets what waits and takes nothing more. */
  close(): void {
    this.#closed = true;
    this.clear();
  }

  get #isIdle(): boolean {
    return this.#closed || (this.#ordinary.queue.size === 0 && !this.#ordinary.busy);
  }

  readonly #drain = (): void => {
    // Stays set while draining, so that what a handler pushes is taken by this loop and not by another.
    this.#scheduled = true;
    for (;;) {
      const lane = this.#nextLane();
      if (lane === undefined) break;
      if (this.#options.turn.spent()) {
        nextTurn(this.#drain);
        return;
      }
      this.#handle(lane, lane.queue.shift() as T);
    }
    this.#scheduled = false;
    if (this.#idle !== undefined) this.#tellIdle();
  };

  #nextLane(): Lane<T> | undefined {
    if (!this.#urgent.busy && this.#urgent.queue.size > 0) return this.#urgent;
    if (!this.#ordinary.busy && this.#ordinary.queue.size > 0) return this.#ordinary;
    return undefined;
  }

  #handle(lane: Lane<T>, item: T): void {
    if (this.#room !== undefined) this.#offerRoom();
    try {
      const result = this.#options.handle(item);
      // `done` is what a handler returns that had nothing to wait for after all.
      if (result === done || !isPromiseLike(result)) return;
      lane.busy = true;
      result.then(
        () => this.#release(lane),
        (error: unknown) => {
          this.#options.onError(error, item);
          this.#release(lane);
        },
      );
    } catch (error) {
      this.#options.onError(error, item);
    }
  }

  #release(lane: Lane<T>): void {
    lane.busy = false;
    if (!this.#scheduled) this.#drain();
  }

  #tellIdle(): void {
    if (!this.#isIdle) return;
    this.#idle?.resolve();
    this.#idle = undefined;
  }

  #offerRoom(): void {
    if (this.#room === undefined || this.#ordinary.queue.size > this.#room.size) return;
    this.#room.deferred.resolve();
    this.#room = undefined;
  }
}
