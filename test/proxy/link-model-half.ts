import { expect } from "vitest";
import type { Carrier } from "../../src/proxy/link/carrier.ts";
import { newCounters } from "../../src/proxy/link/counters.ts";
import type { Replay } from "../../src/proxy/link/sent-log.ts";
import { SessionTransmission } from "../../src/proxy/link/session-transmission.ts";
import type { ManualClock } from "./link-harness.ts";
import type { InFlight } from "./link-model-network.ts";

export const terms = { sid: "s", windowMs: 1, heartbeatMs: 1e8, maxFrameBytes: 100, maxFrames: 8, maxBytes: 90 };
const bytesPerEntry = 128;

interface Sent {
  readonly bytes: Uint8Array;
  readonly replayable: boolean;
  stale: boolean;
}

/** One half of the session, and beside it what the test knows of it from the network alone. */
export class Half {
  readonly counters = newCounters();
  readonly transmission: SessionTransmission;
  readonly got: Uint8Array[] = [];
  readonly violations: string[] = [];
  readonly sent: Sent[] = [];
  /** The number of the last frame on the wire of this connection, and of any. */
  onWire = 0;
  highest = 0;
  /** The last number that this side was told has arrived. */
  told = 0;
  stale = 0;
  replayed = 0;
  /** How many of the peer's it has been given, or has been told are left out. */
  heard = 0;
  leftOutByPeer = 0;
  attached = false;

  constructor(clock: ManualClock) {
    this.transmission = new SessionTransmission(terms, clock, this.counters, {
      onMessage: (bytes) => void this.got.push(bytes),
      onRoom: () => this.transmission.write(),
      onConfirmed: () => undefined,
      onBye: () => undefined,
      onAway: () => undefined,
      onViolation: (why) => void this.violations.push(why),
    });
  }

  get kept(): Sent[] {
    return this.sent.slice(this.told).filter(({ stale }) => !stale);
  }

  send(size: number, replayable: boolean): void {
    const held = this.kept.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
    if (!this.transmission.accepts(size)) {
      // From the bound on, and until half of it has gone, as the word for that may not have come yet.
      expect(this.kept.length).toBeGreaterThan(0);
      return;
    }
    expect(this.kept.length === 0 || (this.kept.length < terms.maxFrames && held + size <= terms.maxBytes)).toBe(true);
    const bytes = new Uint8Array(size);
    new DataView(bytes.buffer).setUint32(0, this.sent.length);
    const stale = !this.attached && !replayable;
    if (stale) this.stale += 1;
    this.sent.push({ bytes, replayable, stale });
    this.transmission.take(bytes, replayable);
  }

  /** Every frame on the wire is the one that has its number, and every skip stands for frames that are stale. */
  watch(data: InFlight): void {
    if (typeof data !== "string") {
      expect(data).toBe(this.sent[this.onWire]?.bytes);
      expect(this.sent[this.onWire]?.stale).toBe(false);
      this.onWire += 1;
    } else {
      const control = JSON.parse(data) as { readonly t: string; readonly count: number };
      if (control.t !== "skip") return;
      const leftOut = this.sent.slice(this.onWire, this.onWire + control.count);
      expect(leftOut).toHaveLength(control.count);
      expect(leftOut.every(({ stale }) => stale)).toBe(true);
      this.onWire += control.count;
    }
    this.highest = Math.max(this.highest, this.onWire);
  }

  hear(data: InFlight): void {
    if (typeof data !== "string") {
      this.heard += 1;
      return;
    }
    const control = JSON.parse(data) as { readonly t: string; readonly count: number; readonly received: number };
    if (control.t === "ack") this.told = control.received;
    if (control.t !== "skip") return;
    this.heard += control.count;
    this.leftOutByPeer += control.count;
  }

  attach(carrier: Carrier, received: number, greet: (received: number) => void): void {
    this.told = received;
    this.onWire = received;
    this.attached = true;
    const ahead = this.sent.slice(received);
    const expected: Replay = {
      replayed: this.sent.slice(received, this.highest).filter(({ stale }) => !stale).length,
      skipped: ahead.filter(({ stale }) => stale).length,
    };
    this.replayed += expected.replayed;
    const replay = this.transmission.attach(carrier, received, (count) => {
      greet(count);
      return undefined;
    });
    expect(replay).toEqual(expected);
  }

  detach(): void {
    if (!this.attached) return;
    for (const frame of this.kept) {
      if (frame.replayable) continue;
      frame.stale = true;
      this.stale += 1;
    }
    this.attached = false;
    this.transmission.detach();
  }

  check(): void {
    expect(this.violations).toEqual([]);
    const { transmission, counters } = this;
    const held = this.kept.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
    expect(transmission.heldBytes).toBe(held);
    expect(transmission.weight).toBe(held + this.kept.length * bytesPerEntry);
    expect(transmission.unacknowledged()).toBe(this.sent.length - this.told);
    expect(transmission.received).toBe(this.heard);
    expect(counters).toMatchObject({
      acknowledged: this.told,
      skipped: this.stale,
      replayed: this.replayed,
      skippedByPeer: this.leftOutByPeer,
    });
  }
}
