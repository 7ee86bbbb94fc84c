type Class<T> = abstract new (...init: never[]) => T;

export interface Wish<T> {
  readonly fits: (item: T) => boolean;
  /** For the message of a wait that failed. */
  readonly what: string;
}

/**
 * What somebody waits for: instances of a class, or what a function says yes to.
 *
 * @param root - the class that all of them extend; it tells a class from a function
 */
export function wishFor<T>(wanted: Class<T> | ((item: T) => boolean), root: Class<T>): Wish<T> {
  if (isClass(wanted, root)) return { fits: (item) => item instanceof wanted, what: wanted.name };
  return { fits: wanted, what: `A ${root.name} that fits ${wanted.name || "the given function"}` };
}

function isClass<T>(wanted: Class<T> | ((item: T) => boolean), root: Class<T>): wanted is Class<T> {
  return wanted === root || wanted.prototype instanceof root;
}
