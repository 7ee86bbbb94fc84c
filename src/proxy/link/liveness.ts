import { longestTimeoutMs } from "../../util/index.ts";
import type { Clock } from "./clock.ts";
import type { LinkCounters } from "./counters.ts";
import type { LinkSocket } from "./link-socket.ts";

export interface LivenessOptions {
  readonly heartbeatMs: number;
  readonly clock: Clock;
  /** What arrives is seen here. */
  readonly socket: Pick<LinkSocket, "inboundActivity">;
  /** What is sent, pings apart, is seen here, and heartbeats without a sign of life are counted. */
  readonly counters: Pick<LinkCounters, "framesOut" | "missedHeartbeats">;
  readonly ping: () => void;
  /** The peer is to be considered dead. Called once; the watch has ended. */
  readonly onSilent: () => void;
}

const heartbeatsUntilSilent = 2.5;
const looksPerHeartbeat = 8;
/** How long a peer may stand still without being taken for dead, wherever 2.5 heartbeats leave room for it. */
const toleratedStallMs = 2_000;
/** By how much a timer may be late on a machine that is merely busy. */
const busyMs = 100;
const lastLookMs = 10;

/**
 * Looks for signs of life, eight times a heartbeat.
 *
 * 1. A peer is dead after 2.5 heartbeats of silence, and found out on time. The silence counts from the last look
 *    before it, so that in truth it may be shorter, by the eighth of a heartbeat that lies between two looks.
 * 2. After a heartbeat of silence the peer is pinged, and after each further one. Where heartbeats are below 1.6 s the
 *    first ping comes earlier: a peer that stands still for 2 s is to have the time for an answer.
 * 3. While our own loop was stalled nothing can have been heard: that time does not count, the peer is pinged at once,
 *    and it has another heartbeat for an answer, or the time for a stall of 2 s if that is more. It has that once in a
 *    silence, or a loop that stalls again and again would never find out.
 * 4. A peer is judged by the second of two looks, so that what had arrived before the first has been read.
 * 5. After a sleep or a stall of 2.5 heartbeats the peer has cut us long ago, and its socket is not worth a question. A
 *    wall clock that is set forward by as much looks like a sleep and costs a connection; set back it costs nothing.
 * 6. When nothing was sent for a heartbeat there is a ping too: the pings of a peer that hears nothing may be waiting
 *    behind all that it has to say.
 */
export class Liveness {
  readonly #options: LivenessOptions;
  readonly #silentAfterMs: number;
  readonly #askAfterMs: number;
  /** A silence counts as no longer than that after a stall. */
  readonly #madeUpMs: number;
  readonly #lookMs: number;
  readonly #lastLookMs: number;
  readonly #stallMs: number;
  #plannedMs = 0;
  #lookedAt: number;
  #wallAt: number | undefined;
  #seen: number;
  #sent: number;
  #unsentMs = 0;
  #silentMs = 0;
  #askAtMs: number;
  #missAtMs: number;
  /** A stall in this silence has been made up for. */
  #granted = false;
  /** Unless something is heard by the next look, the peer is dead. */
  #suspected = false;
  #cancel: () => void = () => undefined;

  constructor(options: LivenessOptions) {
    const { heartbeatMs, clock } = options;
    this.#options = options;
    this.#silentAfterMs = heartbeatMs * heartbeatsUntilSilent;
    const latestAskMs = Math.max(heartbeatMs / 4, (heartbeatsUntilSilent - 0.25) * heartbeatMs - toleratedStallMs);
    this.#askAfterMs = Math.min(heartbeatMs, latestAskMs);
    this.#madeUpMs = Math.min((heartbeatsUntilSilent - 1) * heartbeatMs, latestAskMs);
    this.#lookMs = Math.min(heartbeatMs / looksPerHeartbeat, longestTimeoutMs);
    this.#lastLookMs = Math.min(lastLookMs, this.#lookMs);
    this.#stallMs = Math.max(this.#lookMs, Math.min(busyMs, heartbeatMs / 2));
    this.#askAtMs = this.#askAfterMs;
    this.#missAtMs = heartbeatMs;
    this.#seen = options.socket.inboundActivity;
    this.#sent = options.counters.framesOut;
    this.#lookedAt = clock.now();
    this.#wallAt = clock.wall?.();
    this.#plan();
  }

  stop(): void {
    this.#cancel();
  }

  #look(): void {
    const { heartbeatMs, counters, ping, onSilent } = this.#options;
    const { passedMs, wallMs } = this.#elapsed();
    const stalled = Math.max(passedMs, wallMs) - this.#plannedMs > this.#stallMs;
    const heard = this.#listen(stalled ? this.#plannedMs : passedMs);
    const gone = wallMs - this.#plannedMs >= this.#silentAfterMs;
    // Where timers are merely throttled, as in a hidden tab, much may be heard between two looks.
    const deaf = !heard || wallMs - passedMs >= this.#silentAfterMs;
    if ((gone && deaf) || (this.#suspected && !stalled)) {
      onSilent();
      return;
    }
    if (stalled) this.#makeUp();
    this.#suspected = this.#silentMs >= this.#silentAfterMs - this.#lastLookMs;
    const missed = this.#silentMs >= this.#missAtMs;
    if (missed) this.#missAtMs += heartbeatMs;
    const asks = stalled || this.#silentMs >= this.#askAtMs;
    if (asks) this.#askAtMs = this.#silentMs + heartbeatMs;
    const speaks = this.#hasBeenQuiet(asks, passedMs);
    this.#plan();
    if (missed) counters.missedHeartbeats += 1;
    if (asks || speaks) ping();
  }

  #plan(): void {
    const nextAtMs = Math.min(this.#askAtMs, this.#missAtMs, this.#silentAfterMs - this.#lastLookMs);
    const untilNextMs = this.#suspected ? this.#lastLookMs : Math.min(this.#lookMs, nextAtMs - this.#silentMs);
    // What rounding leaves of a time may be too short for a clock to move by.
    this.#plannedMs = Math.max(1, untilNextMs);
    this.#cancel = this.#options.clock.after(this.#plannedMs, () => this.#look());
  }

  /** What has gone by since the last look, also by the clock on the wall. */
  #elapsed(): { readonly passedMs: number; readonly wallMs: number } {
    const { clock } = this.#options;
    const now = clock.now();
    const wall = clock.wall?.();
    const passedMs = now - this.#lookedAt;
    const wallMs = wall === undefined || this.#wallAt === undefined ? 0 : wall - this.#wallAt;
    this.#lookedAt = now;
    this.#wallAt = wall;
    return { passedMs, wallMs };
  }

  /** True when there was a sign of life since the last look; then the silence began right after that look. */
  #listen(countedMs: number): boolean {
    const seen = this.#options.socket.inboundActivity;
    if (seen === this.#seen) {
      this.#silentMs += countedMs;
      return false;
    }
    this.#seen = seen;
    this.#silentMs = countedMs;
    this.#askAtMs = this.#askAfterMs;
    this.#missAtMs = this.#options.heartbeatMs;
    this.#granted = false;
    this.#suspected = false;
    return true;
  }

  #makeUp(): void {
    if (this.#granted) return;
    this.#granted = true;
    this.#silentMs = Math.min(this.#silentMs, this.#madeUpMs);
  }

  #hasBeenQuiet(asks: boolean, passedMs: number): boolean {
    const { heartbeatMs, counters } = this.#options;
    const sent = counters.framesOut;
    this.#unsentMs = asks || sent !== this.#sent ? 0 : this.#unsentMs + passedMs;
    this.#sent = sent;
    if (this.#unsentMs < heartbeatMs) return false;
    this.#unsentMs = 0;
    return true;
  }
}
