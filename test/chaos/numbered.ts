/** What is in a message so that its receiver can tell which it is, and that it is whole. */
export interface Stamp {
  readonly number: number;
  readonly check: number;
}

const headerBytes = 12;

/** The check word of a number in a stream; `salt` keeps the streams apart. */
export function stampOf(number: number, salt: number): Stamp {
  let mixed = Math.imul((number ^ salt) >>> 0, 0x9e3779b1) ^ Math.floor(number / 2 ** 32);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b);
  return { number, check: (mixed ^ (mixed >>> 13)) >>> 0 };
}

/** Messages 1, 2, 3 … as bytes. */
export class NumberedSender {
  readonly #salt: number;
  #sent = 0;

  constructor(salt: number) {
    this.#salt = salt;
  }

  get sent(): number {
    return this.#sent;
  }

  next(): Stamp {
    this.#sent += 1;
    return stampOf(this.#sent, this.#salt);
  }

  /** At least 12 bytes; what is beyond the stamp repeats one byte of it. */
  nextBytes(size: number = headerBytes): Uint8Array {
    const { number, check } = this.next();
    const bytes = new Uint8Array(Math.max(size, headerBytes)).fill(check & 0xff);
    const view = new DataView(bytes.buffer);
    view.setFloat64(0, number);
    view.setUint32(8, check);
    return bytes;
  }
}

/** Checks what arrives of such a stream. Each message is counted once, as what is worst about it. */
export class NumberedReceiver {
  readonly #salt: number;
  readonly #missing = new Set<number>();
  #highest = 0;
  #received = 0;
  #doubled = 0;
  #late = 0;
  #damaged = 0;

  constructor(salt: number) {
    this.#salt = salt;
  }

  take({ number, check }: Stamp): void {
    this.#received += 1;
    const whole = Number.isSafeInteger(number) && number > 0 && stampOf(number, this.#salt).check === check;
    if (!whole) this.#damaged += 1;
    else if (number > this.#highest) {
      for (let missed = this.#highest + 1; missed < number; missed += 1) this.#missing.add(missed);
      this.#highest = number;
    } else if (this.#missing.delete(number)) this.#late += 1;
    else this.#doubled += 1;
  }

  takeBytes(bytes: Uint8Array): void {
    if (bytes.byteLength < headerBytes) {
      this.take({ number: 0, check: 0 });
      return;
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const stamp = { number: view.getFloat64(0), check: view.getUint32(8) };
    const whole = bytes.subarray(headerBytes).every((byte) => byte === (stamp.check & 0xff));
    this.take(whole ? stamp : { ...stamp, number: 0 });
  }

  /** All that came, good or bad. */
  get received(): number {
    return this.#received;
  }

  /** The highest number that came. */
  get highest(): number {
    return this.#highest;
  }

  /** Came a second time. */
  get doubled(): number {
    return this.#doubled;
  }

  /** Came after a higher number, for the first time. */
  get outOfOrder(): number {
    return this.#late;
  }

  /** Not of this stream, or not as it was sent. */
  get damaged(): number {
    return this.#damaged;
  }

  /** Of the first `sent` messages, those that did not come. */
  lost(sent: number): number {
    return this.#missing.size + Math.max(0, sent - this.#highest);
  }

  /** A sentence for each thing that is wrong; none when all came once, whole and in order. */
  problems(sent: number, name: string): string[] {
    const counts = {
      lost: this.lost(sent),
      doubled: this.doubled,
      "out of order": this.outOfOrder,
      damaged: this.damaged,
    };
    const wrong = Object.entries(counts).filter(([, count]) => count > 0);
    return wrong.map(([what, count]) => `${name}: ${count} of ${sent} messages ${what}.`);
  }
}
