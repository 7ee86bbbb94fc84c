interface Absence {
  readonly bytes: number;
  readonly address: string | undefined;
}

/** Sessions that wait for their client: for how long, where it was last, and how much waits for it. */
export class Absences {
  /** By `sid`, in the order in which they began to wait. */
  readonly #absent = new Map<string, Absence>();
  readonly #byAddress = new Map<string, Set<string>>();
  #bytes = 0;

  get size(): number {
    return this.#absent.size;
  }

  /** What waits in all of them. */
  get bytes(): number {
    return this.#bytes;
  }

  /** So much waits in this session. The address is the one that it has from the beginning. */
  set(sid: string, bytes: number, address: string | undefined): void {
    const before = this.#absent.get(sid);
    this.#bytes += bytes - (before?.bytes ?? 0);
    this.#absent.set(sid, { bytes, address: before === undefined ? address : before.address });
    if (before !== undefined || address === undefined) return;
    const neighbours = this.#byAddress.get(address) ?? new Set();
    this.#byAddress.set(address, neighbours.add(sid));
  }

  delete(sid: string): void {
    const absence = this.#absent.get(sid);
    if (absence === undefined) return;
    const { bytes, address } = absence;
    this.#bytes -= bytes;
    this.#absent.delete(sid);
    if (address === undefined) return;
    const neighbours = this.#byAddress.get(address);
    neighbours?.delete(sid);
    if (neighbours?.size === 0) this.#byAddress.delete(address);
  }

  /** Those in which something waits, longest first; what is deleted meanwhile does not disturb. */
  *holding(): Iterable<string> {
    for (const [sid, { bytes }] of this.#absent) if (bytes > 0) yield sid;
  }

  /** Those whose client was last where this one's was, longest first; where that is not known, none. */
  neighboursOf(sid: string): ReadonlySet<string> {
    return this.#byAddress.get(this.#absent.get(sid)?.address ?? "") ?? new Set();
  }
}
