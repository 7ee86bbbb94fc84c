/**
 * Counts the connections of each address.
 *
 * Whoever has one IPv6 address usually has 2^64 of them, so those with the same first half count as one; an IPv4
 * address is the same one when it is written as IPv6.
 */
export class AddressLimits {
  readonly #limit: number;
  readonly #counts = new Map<string, number>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes a place, which the returned function gives back; undefined when there is none left. */
  enter(address: string): (() => void) | undefined {
    const network = networkOf(address);
    const before = this.#counts.get(network) ?? 0;
    if (before >= this.#limit) return undefined;
    this.#counts.set(network, before + 1);
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      this.#leave(network);
    };
  }

  #leave(network: string): void {
    const left = (this.#counts.get(network) ?? 0) - 1;
    if (left > 0) this.#counts.set(network, left);
    else this.#counts.delete(network);
  }
}

// Longer ones are no addresses; they are kept as long as the connection.
const maxAddressLength = 128;

/** What an address counts as. */
export function networkOf(address: string): string {
  const text = address.slice(0, maxAddressLength).toLowerCase();
  const groups = groupsOf(text);
  if (groups === undefined) return text;
  const [a = 0, b = 0] = groups.slice(6);
  // IPv4 within IPv6, ::ffff:127.0.0.1.
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return [a >> 8, a & 0xff, b >> 8, b & 0xff].join(".");
  }
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(":")}::/64`;
}

/** The eight groups of an IPv6 address; undefined when it is none. */
function groupsOf(text: string): readonly number[] | undefined {
  const [bare = ""] = text.split("%");
  if (!/^[0-9a-f:]*:[0-9a-f:.]*$/.test(bare)) return undefined;
  // Its last two groups may be written as IPv4.
  const plain = bare.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_all, a: string, b: string, c: string, d: string) =>
    [Number(a) * 256 + Number(b), Number(c) * 256 + Number(d)].map((group) => group.toString(16)).join(":"),
  );
  const [head = "", tail, ...more] = plain.split("::");
  const [first, last] = [head, tail ?? ""].map((part) => (part === "" ? [] : part.split(":"))) as [string[], string[]];
  const missing = 8 - first.length - last.length;
  if (more.length > 0 || (tail === undefined ? missing !== 0 : missing < 1)) return undefined;
  const groups = [...first, ...Array.from({ length: missing }, () => "0"), ...last];
  return groups.every((group) => /^[0-9a-f]{1,4}$/.test(group))
    ? groups.map((group) => Number.parseInt(group, 16))
    : undefined;
}
