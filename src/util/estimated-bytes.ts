/**
 * About how much memory a value keeps, for limits of what may wait: what text, bytes, plain objects and arrays hold. Any
 * other object counts as small, and its accessors are left alone. Something that is there twice counts once.
 *
 * Stops at `enough`, so that it never costs more than looking at that much.
 */
export function estimatedBytes(value: unknown, enough: number): number {
  if (typeof value !== "object" || value === null) return leafBytes(value);
  const toVisit: object[] = [value];
  // Most values are flat: nothing is allocated for them but the list.
  let seen: Set<object> | undefined;
  let bytes = 0;
  const add = (child: unknown): void => {
    if (typeof child !== "object" || child === null) {
      bytes += leafBytes(child);
      return;
    }
    seen ??= new Set([value]);
    if (seen.has(child)) return;
    seen.add(child);
    // Counted at once, so that what is yet to be visited is bounded as well.
    bytes += objectBytes;
    toVisit.push(child);
  };
  bytes += objectBytes;
  for (let next = toVisit.pop(); next !== undefined && bytes < enough; next = toVisit.pop()) {
    if (Array.isArray(next)) {
      for (let index = 0; index < next.length && bytes < enough; index++) add(next[index]);
    } else if (ArrayBuffer.isView(next) || next instanceof ArrayBuffer) {
      bytes += next.byteLength;
    } else if (isPlain(next)) {
      for (const key in next) {
        if (bytes >= enough) break;
        bytes += key.length;
        add(next[key]);
      }
    }
  }
  return Math.min(bytes, enough);
}

const objectBytes = 32;
const leafBytes = (value: unknown): number => 8 + (typeof value === "string" ? value.length : 0);

function isPlain(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
