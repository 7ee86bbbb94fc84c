/** Some work that is done thousands of times, and what must be as it was before when it is over. */
export interface Load {
  /** How many items may be done at the same time. */
  readonly beside: number;
  begin(): Promise<void>;
  /** Does one item; the number chooses which way. */
  one(index: number): Promise<void>;
  /** Resolves when what the items have begun beside their work is done too. Default: nothing is. */
  rest?(): Promise<void>;
  /** What is open, by name: nothing of it may have changed after all the work. */
  census(): Record<string, unknown>;
  /** Objects that should be gone, by kind; empty when they are. Called after a collection of garbage. */
  alive(): Record<string, number>;
  /** Errors that nobody expected. */
  readonly errors: readonly unknown[];
  end(): Promise<void>;
}

/** What is open in this process as a whole. */
export function processCensus(): Record<string, unknown> {
  const listeners = process.eventNames().map((name) => [String(name), process.listenerCount(name)] as const);
  return { resources: process.getActiveResourcesInfo().sort().join(), listeners: Object.fromEntries(listeners) };
}

/** Does the items of a load from one number up to, and without, another. */
export async function work(load: Load, from: number, to: number): Promise<void> {
  for (let index = from; index < to; index += load.beside) {
    const count = Math.min(load.beside, to - index);
    await Promise.all(Array.from({ length: count }, (_, offset) => load.one(index + offset)));
  }
  await load.rest?.();
}
