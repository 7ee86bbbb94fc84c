import { Carrier, type CarrierEnding } from "./carrier.ts";
import { type LinkCounters, newCounters } from "./counters.ts";
import type { Beginning, Greet } from "./link-end.ts";
import type { LinkSocket } from "./link-socket.ts";
import type { ResolvedLinkOptions } from "./options.ts";
import { Outlet, type OutletEvents } from "./outlet.ts";
import { PlainTransmission } from "./plain-transmission.ts";
import type { Replay } from "./sent-log.ts";
import type { SessionTerms } from "./session-terms.ts";
import { SessionTransmission, type SessionTransmissionEvents } from "./session-transmission.ts";
import type { Transmission } from "./transmission.ts";

/** Who is told, and does nothing about it. */
export interface TrafficListener extends OutletEvents {
  /** An inbound frame was above the limit, and is gone. */
  onOversize(byteLength: number): void;
}

export interface TrafficEvents extends SessionTransmissionEvents {
  /** The connection is gone. Once for each, unless it was dismissed. */
  onEnded(ending: CarrierEnding): void;
}

/** The frames of a link, whichever connection they go over and whether or not there is one: not when, and not whether. */
export class Traffic {
  readonly #options: ResolvedLinkOptions;
  readonly #listener: TrafficListener;
  readonly #events: TrafficEvents;
  readonly #outlet: Outlet;
  /** As they are counted; {@link counters} for what is to be shown. */
  readonly counts: LinkCounters = newCounters();
  #carrier: Carrier | undefined;
  #transmission: Transmission | undefined;
  /** The transmission, unless it is plain. */
  #session: SessionTransmission | undefined;

  constructor(options: ResolvedLinkOptions, listener: TrafficListener, events: TrafficEvents) {
    this.#options = options;
    this.#listener = listener;
    this.#events = events;
    this.#outlet = new Outlet(options, this.counts, listener);
  }

  /** The terms of the session; none in plain mode. */
  get terms(): SessionTerms | undefined {
    return this.#session?.terms;
  }

  /** How many frames of the session have been received. */
  get received(): number {
    return this.#session?.received ?? 0;
  }

  /** Bytes that wait: in the queue, in the socket, for being acknowledged. */
  get bufferedBytes(): number {
    return this.#outlet.bufferedBytes;
  }

  /** What those that wait cost, about, in bytes of memory. */
  get weight(): number {
    return (this.#session?.weight ?? 0) + this.#outlet.queuedBytes;
  }

  get counters(): LinkCounters {
    const { bufferedBytes } = this;
    const unacknowledged = this.unacknowledged(this.#carrier?.unwrittenFrames ?? 0);
    return { ...this.counts, bufferedBytes, unacknowledged };
  }

  /** How many frames may be lost when it all ends now. */
  unacknowledged(unwrittenFrames: number): number {
    return this.#outlet.queuedFrames + (this.#transmission?.unacknowledged(unwrittenFrames) ?? 0);
  }

  /** True for a number of received frames that a returning peer may name. */
  couldHaveArrived(received: number): boolean {
    return this.#session?.couldHaveArrived(received) === true;
  }

  /** Takes the first connection. */
  begin({ socket, terms }: Beginning, greet: Greet): void {
    if (terms === undefined) {
      const carrier = this.#carry(socket, this.#options);
      const { maxFrameBytes } = this.#options;
      this.#transmission = new PlainTransmission(carrier, maxFrameBytes, (data) => this.#events.onMessage(data));
    } else {
      this.#session = new SessionTransmission(terms, this.#options.clock, this.counts, this.#events);
      this.#transmission = this.#session;
      this.#session.attach(this.#carry(socket, terms), 0, greet);
    }
    this.#outlet.transmission = this.#transmission;
  }

  /** Takes another connection of a session, over which the peer has received so many frames. */
  goOn(socket: LinkSocket, received: number, greet: Greet): Replay {
    const session = this.#session;
    if (session === undefined) return { replayed: 0, skipped: 0 };
    return session.attach(this.#carry(socket, session.terms), received, greet);
  }

  /** Begins to hear the connection. */
  hear(): void {
    this.#carrier?.open();
  }

  /** The connection is gone, and another one may come. */
  detach(): void {
    this.#carrier = undefined;
    this.#session?.detach();
    this.pump();
  }

  /** Cuts the connection; the peer is told why, if there is something to tell. Returns how many frames were in it. */
  dismiss(code?: number, reason?: string): number {
    const unwrittenFrames = this.#carrier?.unwrittenFrames ?? 0;
    this.#carrier?.dismiss(code, reason);
    return unwrittenFrames;
  }

  /** The connection is cut unless it has ended by then. */
  endWithin(timeoutMs: number): void {
    this.#carrier?.endWithin(timeoutMs);
  }

  holdBack(on: boolean): void {
    this.#session?.holdBack(on);
  }

  refusal(byteLength: number): Error | undefined {
    return this.#outlet.refusal(byteLength);
  }

  send(bytes: Uint8Array, replayable: boolean): Promise<void> {
    return this.#outlet.send(bytes, replayable);
  }

  /** Has the frame wait. */
  queue(bytes: Uint8Array, replayable: boolean): Promise<void> {
    return this.#outlet.queue(bytes, replayable);
  }

  /** Takes the frame if it need not wait. */
  offer(bytes: Uint8Array, replayable: boolean): boolean {
    return this.#outlet.offer(bytes, replayable);
  }

  /** Lets as much leave as can. True when nothing is left to be written. */
  pump(): boolean {
    return this.#outlet.pump();
  }

  /** Says that nothing more will come, and closes the connection behind what was written. */
  sayGoodbye(code: number, reason: string, retryMs: readonly [min: number, max: number] | undefined): void {
    this.#transmission?.sayGoodbye(retryMs);
    this.#carrier?.close(code, reason);
  }

  /** It is over: every sender that waits hears why. */
  end(error: Error): void {
    this.#carrier = undefined;
    this.#session?.end();
    this.#outlet.end(error);
  }

  #carry(socket: LinkSocket, { heartbeatMs }: { readonly heartbeatMs: number }): Carrier {
    const events = {
      onFrame: (data: Uint8Array, kind: "binary" | "text") => this.#transmission?.receive(data, kind),
      onOversize: (byteLength: number, kind: "binary" | "text") => {
        this.#listener.onOversize(byteLength);
        this.#transmission?.receiveOversize(kind);
      },
      onRoom: () => this.#events.onRoom(),
      onEnd: (ending: CarrierEnding) => this.#events.onEnded(ending),
    };
    const liveness = { heartbeatMs, asker: this.#session };
    this.#carrier = new Carrier(socket, this.#options, this.counts, events, liveness);
    return this.#carrier;
  }
}
