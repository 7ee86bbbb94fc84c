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
  pushed: number;
  readonly marks: Mark[];
}

/** Somebody waits until so many of the items that were pushed are handled, or dropped. */
interface Mark {
  at: number;
  readonly reached: Deferred<void>;
}

const newLane = <T>(): Lane<T> => ({ queue: new Deque(), busy: false, pushed: 0, marks: [] });

/**
 * Two lanes of items, each handled one at a time and in order.
 *
 * 1. An urgent item never waits behind an ordinary one: not behind a queue, not behind a handler that still awaits.
 * 2. A handler that returns nothing costs no promise; one that returns a promise holds up its own lane only.
 * 3. Draining stops when the turn is spent and goes on in the next, so timers and sockets get their share. Each turn
 *    brings it on by one item at least, whoever else is busy.
 * 4. A failing handler is reported and stops nothing.
 * 5. While it is paused, ordinary items wait; urgent ones do not.
 */
export class Inbox<T> {
  readonly #options: InboxOptions<T>;
  readonly #urgent: Lane<T> = newLane();
  readonly #ordinary: Lane<T> = newLane();
  #scheduled = false;
  #paused = false;
  #closed = false;
  #room: { readonly size: number; readonly deferred: Deferred<void> } | undefined;

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

  /** Urgent items that wait. */
  get urgentSize(): number {
    return this.#urgent.queue.size;
  }

  /** True while an ordinary item is being handled. */
  get busy(): boolean {
    return this.#ordinary.busy;
  }

  push(item: T, urgent: boolean): void {
    if (this.#closed) return;
    const lane = urgent ? this.#urgent : this.#ordinary;
    lane.queue.push(item);
    lane.pushed += 1;
    this.#schedule();
  }

  /** Begins with no ordinary item until {@link resume}. One that is being handled goes on. */
  pause(): void {
    this.#paused = true;
  }

  /** Goes on with what waits. */
  resume(): void {
    this.#paused = false;
    this.#schedule();
  }

  /** True when an ordinary item waits for which `is` is true. */
  some(is: (item: T) => boolean): boolean {
    for (const item of this.#ordinary.queue) if (is(item)) return true;
    return false;
  }

  /** Resolves once at most `size` ordinary items wait, or the inbox is closed. */
  roomFor(size: number): Promise<void> {
    // One promise for all who wait; the one who asks for most decides.
    const room = { size: Math.min(size, this.#room?.size ?? size), deferred: this.#room?.deferred ?? deferred() };
    this.#room = room;
    return room.deferred.promise;
  }

  /** Resolves once every ordinary item pushed so far, whatever comes after it, is handled or dropped. */
  flushed(): Promise<void> {
    return passed(this.#ordinary);
  }

  /** The same for the urgent items. */
  urgentFlushed(): Promise<void> {
    return passed(this.#urgent);
  }

  /** Takes out the ordinary items for which `keep` is false; returns how many. */
  retain(keep: (item: T) => boolean): number {
    const lane = this.#ordinary;
    const dropped = lane.marks.length === 0 ? lane.queue.retain(keep) : retainBeforeMarks(lane, keep);
    tellPassed(lane);
    this.#offerRoom();
    return dropped;
  }

  /** Forgets what waits. A handler in flight ends by itself. */
  clear(): void {
    for (const lane of [this.#urgent, this.#ordinary]) {
      lane.queue.clear();
      tellPassed(lane);
    }
    this.#offerRoom();
  }

  /** Takes nothing more, and gives back the urgent items that waited. */
  close(): readonly T[] {
    const urgent = [...this.#urgent.queue];
    this.#closed = true;
    this.clear();
    // What is in hand may never end, and nobody is to wait for it here any more.
    for (const lane of [this.#urgent, this.#ordinary])
      for (const { reached } of lane.marks.splice(0)) reached.resolve();
    return urgent;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(this.#begin);
  }

  readonly #begin = (): void => this.#drain(false);

  // One item is owed: the first of many busy queues must not take every turn for itself.
  readonly #resume = (): void => this.#drain(true);

  #drain(owed: boolean): void {
    // Stays set while draining, so that what a handler pushes is taken by this loop and not by another.
    this.#scheduled = true;
    for (let due = owed; ; due = false) {
      const lane = this.#nextLane();
      if (lane === undefined) break;
      if (!due && this.#options.turn.spent()) {
        nextTurn(this.#resume);
        return;
      }
      this.#handle(lane, lane.queue.shift() as T);
    }
    this.#scheduled = false;
  }

  #nextLane(): Lane<T> | undefined {
    if (!this.#urgent.busy && this.#urgent.queue.size > 0) return this.#urgent;
    if (!this.#ordinary.busy && !this.#paused && this.#ordinary.queue.size > 0) return this.#ordinary;
    return undefined;
  }

  #handle(lane: Lane<T>, item: T): void {
    if (this.#room !== undefined) this.#offerRoom();
    try {
      const result = this.#options.handle(item);
      // `done` is what a handler returns that had nothing to wait for after all.
      if (result !== done && isPromiseLike(result)) {
        lane.busy = true;
        Promise.resolve(result).then(
          () => this.#release(lane),
          (error: unknown) => {
            this.#failed(error, item);
            this.#release(lane);
          },
        );
        return;
      }
    } catch (error) {
      this.#failed(error, item);
    }
    if (lane.marks.length > 0) tellPassed(lane);
  }

  #release(lane: Lane<T>): void {
    lane.busy = false;
    if (lane.marks.length > 0) tellPassed(lane);
    if (!this.#scheduled) this.#drain(false);
  }

  #failed(error: unknown, item: T): void {
    try {
      this.#options.onError(error, item);
    } catch (failure) {
      console.error("trunkline: an error could not be reported", failure);
    }
  }

  #offerRoom(): void {
    if (this.#room === undefined || this.#ordinary.queue.size > this.#room.size) return;
    this.#room.deferred.resolve();
    this.#room = undefined;
  }
}

function passedBy(lane: Lane<unknown>): number {
  return lane.pushed - lane.queue.size - (lane.busy ? 1 : 0);
}

function passed(lane: Lane<unknown>): Promise<void> {
  if (passedBy(lane) === lane.pushed) return done;
  const reached = deferred();
  lane.marks.push({ at: lane.pushed, reached });
  return reached.promise;
}

/** Marks count what is gone, and what went from behind one must not count for it. */
function retainBeforeMarks<T>(lane: Lane<T>, keep: (item: T) => boolean): number {
  const ahead = lane.queue.size;
  const marks = lane.marks.map((mark) => ({ mark, waiting: ahead - (lane.pushed - mark.at), kept: 0 }));
  let index = 0;
  const dropped = lane.queue.retain((item) => {
    const stays = keep(item);
    if (stays) for (const mark of marks) if (index < mark.waiting) mark.kept += 1;
    index += 1;
    return stays;
  });
  for (const { mark, kept } of marks) mark.at = lane.pushed - lane.queue.size + kept;
  return dropped;
}

function tellPassed(lane: Lane<unknown>): void {
  const next = lane.marks.findIndex(({ at }) => at > passedBy(lane));
  for (const { reached } of lane.marks.splice(0, next < 0 ? lane.marks.length : next)) reached.resolve();
}
