type StartTimer = (callback: (...values: unknown[]) => void, ...rest: unknown[]) => unknown;
type ClearTimer = (handle?: unknown) => void;

interface TimerGlobals {
  setTimeout: StartTimer;
  setInterval: StartTimer;
  clearTimeout: ClearTimer;
  clearInterval: ClearTimer;
}

/** What Node's timers tell of themselves; a browser's are numbers and tell nothing. */
interface TimerLike {
  hasRef?(): boolean;
  readonly _destroyed?: boolean;
}

const pollMs = 10;
const graceMs = 250;

/**
 * Notes which timers are started with the global functions, and which of them are still to fire.
 *
 * 1. It stands in for the four global functions from its beginning to its end, and does what they do.
 * 2. Watches may overlap; whoever ends while another stands in front of it stays as a way through, and notes nothing.
 * 3. A timer that keeps nobody waiting (`unref`) is not of interest.
 */
export class TimerWatch {
  readonly #globals = globalThis as unknown as TimerGlobals;
  readonly #before: Readonly<TimerGlobals>;
  readonly #own: Readonly<TimerGlobals>;
  /** Where each was started, by its handle. */
  readonly #running = new Map<unknown, string>();
  #watching = true;

  constructor() {
    const { setTimeout, setInterval, clearTimeout, clearInterval } = this.#globals;
    this.#before = { setTimeout, setInterval, clearTimeout, clearInterval };
    this.#own = {
      setTimeout: this.#starting(setTimeout, true),
      setInterval: this.#starting(setInterval, false),
      clearTimeout: this.#clearing(clearTimeout),
      clearInterval: this.#clearing(clearInterval),
    };
    Object.assign(this.#globals, this.#own);
  }

  /** Ends the watch, and says where the timers were started that still run after a moment. */
  async end(): Promise<readonly string[]> {
    // Nothing more is noted, but what is cleared in the moment that remains.
    this.#watching = false;
    // Taken out of their object: a browser's timers refuse to be called on any.
    const { setTimeout } = this.#before;
    const endsAt = performance.now() + graceMs;
    while (this.#left.length > 0 && performance.now() < endsAt) {
      await new Promise<void>((resolve) => void setTimeout(() => resolve(), pollMs));
    }
    for (const name of Object.keys(this.#own) as (keyof TimerGlobals)[]) this.#giveBack(name);
    return this.#left;
  }

  get #left(): readonly string[] {
    const left = [...this.#running].filter(([handle]) => {
      const { hasRef, _destroyed } = Object(handle) as TimerLike;
      return _destroyed !== true && hasRef?.call(handle) !== false;
    });
    return left.map(([, where]) => where);
  }

  #giveBack<K extends keyof TimerGlobals>(name: K): void {
    if (this.#globals[name] === this.#own[name]) this.#globals[name] = this.#before[name];
  }

  #starting(start: StartTimer, once: boolean): StartTimer {
    const started: StartTimer = (callback, ...rest) => {
      if (!this.#watching || typeof callback !== "function") return start(callback, ...rest);
      const handle = start(
        (...values) => {
          if (once) this.#running.delete(handle);
          callback(...values);
        },
        ...rest,
      );
      this.#running.set(handle, callerOf(new Error().stack));
      return handle;
    };
    // Node keeps the promise form of a timer in a property of the function.
    return Object.defineProperties(started, Object.getOwnPropertyDescriptors(start));
  }

  #clearing(clear: ClearTimer): ClearTimer {
    return (handle) => {
      this.#forget(handle);
      clear(handle);
    };
  }

  #forget(handle: unknown): void {
    if (this.#running.delete(handle) || (typeof handle !== "number" && typeof handle !== "string")) return;
    // Node takes a timer's number as well.
    for (const other of this.#running.keys()) if (Number(other) === Number(handle)) this.#running.delete(other);
  }
}

/** The line of a stack below the function that took it. */
function callerOf(stack = ""): string {
  const lines = stack.split("\n");
  const caller = lines[lines[0]?.startsWith("Error") === true ? 2 : 1] ?? "";
  return caller.trim().replace(/^at /, "") || "a place that is not known";
}
