import { abnormalCode, silentPeerCode } from "./close-codes.ts";
import type { LinkCounters } from "./counters.ts";
import type { LinkSocket, LinkSocketHandlers, SocketEnding } from "./link-socket.ts";
import { Liveness } from "./liveness.ts";
import type { ResolvedLinkOptions } from "./options.ts";

/** How a carrier ended. */
export interface CarrierEnding extends SocketEnding {
  /** True after a closing handshake. */
  readonly clean: boolean;
  /** Frames that were sent and of which it is not known that they left this machine. */
  readonly unwrittenFrames: number;
}

export interface CarrierEvents {
  onFrame(data: Uint8Array, kind: "binary" | "text"): void;
  /** An inbound frame was above the limit, and is gone. */
  onOversize(byteLength: number, kind: "binary" | "text"): void;
  /** {@link Carrier.accepts} has become true again. */
  onRoom(): void;
  /** Exactly once, and nothing after it. */
  onEnd(ending: CarrierEnding): void;
}

/** How a peer is asked for a sign of life, and how long it may take. */
export interface CarrierLiveness {
  readonly heartbeatMs: number;
  /** For sockets that cannot ping. */
  readonly asker?: { ask(): void } | undefined;
}

/**
 * One attached socket, with its pacing, its liveness and its close.
 *
 * 1. It owns every timer that is about this socket; all are gone when `onEnd` is called.
 * 2. After its end it is deaf: a socket that was cut cannot speak for its session any more.
 * 3. A closing handshake has a deadline; then the socket is cut.
 * 4. At the high-water mark it accepts nothing until half of it has left.
 */
export class Carrier implements LinkSocketHandlers {
  readonly #socket: LinkSocket;
  readonly #options: ResolvedLinkOptions;
  readonly #counters: LinkCounters;
  readonly #events: CarrierEvents;
  readonly #liveness: Liveness | undefined;
  #blocked = false;
  #ended = false;
  #failure: Error | undefined;
  #cancelDeadline: (() => void) | undefined;

  constructor(
    socket: LinkSocket,
    options: ResolvedLinkOptions,
    counters: LinkCounters,
    events: CarrierEvents,
    { heartbeatMs, asker }: CarrierLiveness = options,
  ) {
    this.#socket = socket;
    this.#options = options;
    this.#counters = counters;
    this.#events = events;
    this.#liveness = this.#watch(heartbeatMs, socket.ping ?? (asker && (() => asker.ask())));
  }

  /** Begins to hear the socket. Apart from the constructor, so that its owner can hold the carrier first. */
  open(): void {
    if (!this.#ended) this.#socket.attach(this);
  }

  /** Frames that are not known to have left this machine. */
  get unwrittenFrames(): number {
    return this.#socket.unwrittenFrames;
  }

  /** Control frames likewise, where that can be told. */
  get unwrittenControls(): number {
    return this.#socket.unwrittenControls ?? 0;
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedBytes;
  }

  /** False from the high-water mark down to half of it; then `onRoom` is called. */
  get accepts(): boolean {
    if (this.#ended || this.#blocked || !this.#socket.writable) return false;
    const { highWaterBytes } = this.#options;
    if (this.#socket.bufferedBytes < highWaterBytes) return true;
    this.#blocked = true;
    this.#socket.requestDrain(highWaterBytes >> 1);
    return false;
  }

  send(data: Uint8Array): void {
    this.#counters.framesOut += 1;
    this.#counters.bytesOut += data.byteLength;
    this.#socket.send(data);
  }

  sendControl(text: string): void {
    this.#counters.framesOut += 1;
    this.#counters.textFramesOut += 1;
    this.#counters.bytesOut += text.length;
    this.#socket.send(text);
  }

  /** True when the peer's answer to a ping is a sign of life here. */
  get canPing(): boolean {
    return this.#socket.ping !== undefined;
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  /** Cuts the socket unless it has ended by then. The first deadline stays. */
  endWithin(timeoutMs: number): void {
    this.#cancelDeadline ??= this.#options.clock.after(timeoutMs, () => {
      this.cut(abnormalCode, `the peer did not close within ${timeoutMs} ms`);
    });
  }

  /** Ends it now, reported under this code and reason. Does nothing once it has ended. */
  cut(code: number, reason: string): void {
    if (this.#ended) return;
    this.#release();
    const { unwrittenFrames } = this.#socket;
    // A dead peer would not answer a close, and a socket that is already cut has nothing more to say.
    this.#socket.terminate();
    this.#events.onEnd({ code, reason, error: this.#failure, clean: false, unwrittenFrames });
  }

  /** Ends it now, and tells the peer why, if there is something to tell. `onEnd` is not called. */
  dismiss(code?: number, reason = ""): void {
    if (this.#ended) return;
    this.#release();
    if (code !== undefined) this.#socket.close(code, reason);
    this.#socket.terminate();
  }

  onMessage(data: Uint8Array, kind: "binary" | "text"): void {
    if (this.#ended) return;
    this.#counters.framesIn += 1;
    this.#counters.bytesIn += data.byteLength;
    if (kind === "text") this.#counters.textFramesIn += 1;
    if (data.byteLength <= this.#options.maxFrameBytes) {
      this.#events.onFrame(data, kind);
      return;
    }
    this.#counters.rejectedInboundSize += 1;
    this.#events.onOversize(data.byteLength, kind);
  }

  onDrain(): void {
    if (this.#ended) return;
    this.#blocked = false;
    this.#events.onRoom();
  }

  onFailing(error: Error): void {
    if (this.#ended) return;
    this.#failure = error;
    this.endWithin(this.#options.closeTimeoutMs);
  }

  onClose(ending: SocketEnding): void {
    if (this.#ended) return;
    this.#release();
    const { code, reason, error = this.#failure } = ending;
    const clean = error === undefined && code !== abnormalCode;
    this.#events.onEnd({ code, reason, error, clean, unwrittenFrames: this.#socket.unwrittenFrames });
  }

  #watch(heartbeatMs: number, ping: (() => void) | undefined): Liveness | undefined {
    const { clock } = this.#options;
    // Where a peer cannot be asked, its silence proves nothing.
    if (ping === undefined) return undefined;
    return new Liveness({
      heartbeatMs,
      clock,
      socket: this.#socket,
      counters: this.#counters,
      ping,
      onSilent: () => this.cut(silentPeerCode, `nothing was heard for ${heartbeatMs * 2.5} ms`),
    });
  }

  #release(): void {
    this.#ended = true;
    this.#liveness?.stop();
    this.#cancelDeadline?.();
  }
}
