/**
 * About how much memory a value keeps, for limits of what may wait: what text, bytes, plain objects and arrays hold. Any
 * other object counts as small. Something that is there twice counts once.
 *
 * Stops at `enough`, so that it never costs more than looking at that much. Never throws.
 */
export function estimatedBytes(value: unknown, enough: number): number {
  if (!isObject(value)) return Math.min(leafBytes(value), enough);
  const estimate = new Estimate(value, enough);
  try {
    estimate.visitAll();
  } catch {
    // An accessor of the value's own has thrown; what was seen until then is the estimate.
  }
  return Math.min(estimate.bytes, enough);
}

class Estimate {
  bytes = objectBytes;
  readonly #root: object;
  readonly #enough: number;
  readonly #toVisit: object[];
  // Most values are flat, and need none.
  #seen: Set<object> | undefined;

  constructor(root: object, enough: number) {
    this.#root = root;
    this.#enough = enough;
    this.#toVisit = [root];
  }

  visitAll(): void {
    for (let next = this.#toVisit.pop(); next !== undefined; next = this.#toVisit.pop()) {
      if (Array.isArray(next)) {
        for (let index = 0; index < next.length && this.bytes < this.#enough; index++) this.#add(next[index]);
      } else if (ArrayBuffer.isView(next) || next instanceof ArrayBuffer) {
        this.bytes += next.byteLength;
      } else if (isPlain(next)) {
        for (const key in next) {
          if (this.bytes >= this.#enough) return;
          this.bytes += key.length;
          this.#add(next[key]);
        }
      }
      if (this.bytes >= this.#enough) return;
    }
  }

  #add(value: unknown): void {
    if (!isObject(value)) {
      this.bytes += leafBytes(value);
      return;
    }
    this.#seen ??= new Set([this.#root]);
    if (this.#seen.has(value)) return;
    this.#seen.add(value);
    // Counted before it is visited, so that what is yet to be visited is bounded too.
    this.bytes += objectBytes;
    this.#toVisit.push(value);
  }
}

const objectBytes = 32;

function leafBytes(value: unknown): number {
  return 8 + (typeof value === "string" ? value.length : 0);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isPlain(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
