import { readFileSync } from "node:fs";

const everyMs = 5;

/**
 * Measures for how long the event loop did not turn.
 *
 * On a busy machine a thread may be kept waiting for a processor. What it has not computed meanwhile is not its own
 * doing: a stall counts by the processor time it took, if that is less than the time that went by.
 */
export class StallMeter {
  readonly #timer: NodeJS.Timeout;
  #turnedAt = performance.now();
  #computedMs = computedMs();
  #longestMs = 0;
  #longestOwnMs = 0;
  #lapMs = 0;

  constructor() {
    this.#timer = setInterval(() => this.#turn(), everyMs);
    this.#timer.unref();
  }

  /** The longest stall, as the clock on the wall has it. */
  get longestMs(): number {
    return this.#longestMs;
  }

  /** The longest stall that is this thread's own doing. */
  get longestOwnMs(): number {
    return this.#longestOwnMs;
  }

  /** The longest of its own since this was last asked. */
  lap(): number {
    this.#turn();
    const longest = this.#lapMs;
    this.#lapMs = 0;
    return longest;
  }

  stop(): void {
    this.#turn();
    clearInterval(this.#timer);
  }

  #turn(): void {
    const now = performance.now();
    const computed = computedMs();
    const wallMs = now - this.#turnedAt - everyMs;
    const ownMs = Math.min(wallMs, computed - this.#computedMs);
    this.#turnedAt = now;
    this.#computedMs = computed;
    this.#longestMs = Math.max(this.#longestMs, wallMs);
    this.#longestOwnMs = Math.max(this.#longestOwnMs, ownMs);
    this.#lapMs = Math.max(this.#lapMs, ownMs);
  }
}

/**
 * The processor time of the main thread, in milliseconds. Where only that of the whole process can be had, that: it
 * has what the engine does beside the main thread in it, so stalls may look longer than they are.
 */
function computedMs(): number {
  if (process.platform === "linux") {
    const [nanoseconds = ""] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, "latin1").split(" ");
    return Number(nanoseconds) / 1e6;
  }
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
