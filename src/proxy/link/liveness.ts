import type { Clock } from "./clock.ts";

export interface LivenessOptions {
  readonly heartbeatMs: number;
  readonly clock: Clock;
  /** Changes whenever anything arrives. */
  readonly activity: () => number;
  readonly ping: () => void;
  /** A heartbeat has passed without a sign of life. */
  readonly onMissed: () => void;
  /** The peer is to be considered dead. Called once; the watch has ended. */
  readonly onSilent: () => void;
}

const beatsPerHeartbeat = 2;
const beatsUntilSilent = 5;

/**
 * Watches for signs of life.
 *
 * 1. After a heartbeat of silence the peer is pinged, and after each further one.
 * 2. After 2.5 heartbeats of silence, and before 3, it is considered dead.
 * 3. While our own event loop was stalled nothing can have been heard: the peer gets one more heartbeat.
 */
export class Liveness {
  readonly #options: LivenessOptions;
  readonly #beatMs: number;
  #seen: number;
  #silentBeats = 0;
  #lastBeatAt: number;
  #cancel: () => void;

  constructor(options: LivenessOptions) {
    this.#options = options;
    this.#beatMs = options.heartbeatMs / beatsPerHeartbeat;
    this.#seen = options.activity();
    this.#lastBeatAt = options.clock.now();
    this.#cancel = options.clock.after(this.#beatMs, this.#beat);
  }

  stop(): void {
    this.#cancel();
  }

  readonly #beat = (): void => {
    const { clock, activity, ping, onMissed, onSilent } = this.#options;
    const now = clock.now();
    const stalled = now - this.#lastBeatAt > 2 * this.#beatMs;
    this.#lastBeatAt = now;
    const seen = activity();
    this.#silentBeats = seen === this.#seen ? this.#silentBeats + 1 : 0;
    this.#seen = seen;
    if (stalled) this.#silentBeats = Math.min(this.#silentBeats, beatsUntilSilent - beatsPerHeartbeat);
    if (this.#silentBeats >= beatsUntilSilent) {
      onSilent();
      return;
    }
    this.#cancel = clock.after(this.#beatMs, this.#beat);
    const heartbeatIsOver = this.#silentBeats > 0 && this.#silentBeats % beatsPerHeartbeat === 0;
    if (heartbeatIsOver) onMissed();
    if (heartbeatIsOver || stalled) ping();
  };
}
