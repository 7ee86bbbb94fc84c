import { type Deferred, deferred, estimatedBytes } from "../util/index.ts";

type Hook = () => void | Promise<void>;

/** A hook that waits for the one before it. */
interface WaitingHook {
  readonly hook: Hook;
  readonly ended: Deferred<void> | undefined;
  readonly notices: Notices | undefined;
  readonly bytes: number;
}

/** What waits to be told about one thing, the oldest first. */
interface Notices {
  readonly about: string;
  readonly waiting: Set<WaitingHook>;
  bytes: number;
  /** True once it has been reported that some were let go, until none waits. */
  reported: boolean;
}

export interface HookQueueOptions {
  onError(error: unknown): void;
  /** So much waits to be told about this that the oldest of it is let go. Said once, until nothing of it waits. */
  onFull(about: string): void;
}

/** How many notices about one thing wait for the hooks before them. */
export const maxWaitingNotices = 256;
/** About how many bytes these may keep. The latest is kept, whatever its size. */
export const maxWaitingNoticeBytes = 4_194_304;

/**
 * Runs an agent's hooks one after another, beside the lanes of its messages: a hook that waits for an answer from the
 * bus does not keep that answer from coming in. For the same reason no lane waits for the hooks; what others make wait
 * here is bounded by letting go the oldest notice about the same thing.
 */
export class HookQueue {
  readonly #options: HookQueueOptions;
  readonly #waiting = new Set<WaitingHook>();
  readonly #notices = new Map<string, Notices>();
  #running = false;

  constructor(options: HookQueueOptions) {
    this.#options = options;
  }

  /** Starts the hook at once if none is running. Resolves when it has ended; never rejects. */
  run(hook: Hook): Promise<void> {
    const ended = deferred();
    this.#add({ hook, ended, notices: undefined, bytes: 0 });
    return ended.promise;
  }

  /**
   * As {@link run}, for a hook that tells what others have said or done, as often as they like. Of those about the same
   * thing the last ones count. `given` is what it keeps.
   */
  notify(about: string, given: unknown, hook: Hook): void {
    if (!this.#running) {
      this.#add({ hook, ended: undefined, notices: undefined, bytes: 0 });
      return;
    }
    const notices = this.#noticesOf(about);
    const notice = { hook, ended: undefined, notices, bytes: estimatedBytes(given, maxWaitingNoticeBytes) };
    this.#add(notice);
    notices.waiting.add(notice);
    notices.bytes += notice.bytes;
    this.#makeRoom(notices);
  }

  #add(waiting: WaitingHook): void {
    if (this.#running) this.#waiting.add(waiting);
    else void this.#runAll(waiting);
  }

  async #runAll(first: WaitingHook): Promise<void> {
    // Set first: what the hook itself asks for before it first waits is to follow it, not to overtake it.
    this.#running = true;
    for (let next: WaitingHook | undefined = first; next !== undefined; next = this.#take()) {
      try {
        await next.hook();
      } catch (error) {
        this.#options.onError(error);
      }
      next.ended?.resolve();
    }
    this.#running = false;
  }

  #take(): WaitingHook | undefined {
    const [next] = this.#waiting;
    if (next !== undefined) this.#remove(next);
    return next;
  }

  #remove(waiting: WaitingHook): void {
    this.#waiting.delete(waiting);
    const { notices } = waiting;
    if (notices === undefined) return;
    notices.waiting.delete(waiting);
    notices.bytes -= waiting.bytes;
    if (notices.waiting.size === 0) this.#notices.delete(notices.about);
  }

  #makeRoom(notices: Notices): void {
    const { about, waiting } = notices;
    while (waiting.size > maxWaitingNotices || (waiting.size > 1 && notices.bytes > maxWaitingNoticeBytes)) {
      const [oldest] = waiting;
      if (oldest !== undefined) this.#remove(oldest);
      if (notices.reported) continue;
      notices.reported = true;
      this.#options.onFull(about);
    }
  }

  #noticesOf(about: string): Notices {
    let notices = this.#notices.get(about);
    if (notices === undefined) {
      notices = { about, waiting: new Set(), bytes: 0, reported: false };
      this.#notices.set(about, notices);
    }
    return notices;
  }
}
