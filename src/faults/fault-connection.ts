import type { Socket } from "node:net";
import type { Clock } from "../proxy/link/index.ts";
import { deferred } from "../util/index.ts";
import {
  type CutOptions,
  type DelayOptions,
  endingOf,
  type FaultDirection,
  type FaultDirections,
  type FaultEnding,
  invalidOption,
  milliseconds,
  type SliceOptions,
  type ThrottleOptions,
  waysOf,
  wholeNumber,
} from "./fault-options.ts";
import type { Faults } from "./faults.ts";
import { OneWay } from "./one-way.ts";
import { resetNow } from "./reset-now.ts";
import { seededRandom } from "./seeded-random.ts";

/** Bytes of each way. */
export interface WayBytes {
  readonly up: number;
  readonly down: number;
}

export interface FaultConnectionInit {
  readonly number: number;
  readonly client: Socket;
  readonly clock: Clock;
  readonly seed: number;
}

/** One connection through a {@link FaultProxy}: its faults are its own. */
export class FaultConnection implements Faults {
  /** 1 for the first connection of the proxy. */
  readonly number: number;
  readonly #ways: Readonly<Record<FaultDirection, OneWay>>;
  readonly #client: Socket;
  readonly #closed = deferred();
  #server: Socket | undefined;
  #openSockets = 0;
  #over = false;

  /** @internal */
  constructor({ number, client, clock, seed }: FaultConnectionInit) {
    this.number = number;
    this.#client = client;
    const onCut = (how: FaultEnding) => (how === "reset" ? this.reset() : this.end());
    this.#ways = {
      up: new OneWay({ clock, random: seededRandom(seed + 2 * number), onCut }),
      down: new OneWay({ clock, random: seededRandom(seed + 2 * number + 1), onCut }),
    };
    this.#own(client, this.#ways.up);
  }

  /** Bytes that were passed on so far. */
  get bytes(): WayBytes {
    return { up: this.#ways.up.passedBytes, down: this.#ways.down.passedBytes };
  }

  /** Bytes that wait in the proxy now. */
  get heldBytes(): WayBytes {
    return { up: this.#ways.up.heldBytes, down: this.#ways.down.heldBytes };
  }

  /** Resolves when both ends are closed. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  reset(): void {
    this.#stop();
    for (const socket of this.#sockets()) resetNow(socket);
  }

  end(): void {
    this.#stop();
    for (const socket of this.#sockets()) socket.end();
  }

  halfClose(direction: FaultDirection): void {
    if (waysOf(direction).length !== 1)
      throw invalidOption('Half of a connection is "up" or "down"; end() closes both.');
    this.#ways[direction].finish();
  }

  cutAfter(bytes: number, { direction, how }: CutOptions = {}): void {
    wholeNumber("bytes", bytes, 0);
    const ending = endingOf(how);
    for (const way of waysOf(direction)) this.#ways[way].cutAfter(bytes, ending);
  }

  blackhole(direction?: FaultDirections): void {
    for (const way of waysOf(direction)) this.#ways[way].blackhole();
  }

  slice({ direction, minBytes = 1, maxBytes = Math.max(7, minBytes) }: SliceOptions = {}): void {
    wholeNumber("minBytes", minBytes, 1);
    wholeNumber("maxBytes", maxBytes, minBytes);
    for (const way of waysOf(direction)) this.#ways[way].pace.slice(minBytes, maxBytes);
  }

  delay({ direction, latencyMs = 0, jitterMs = 0 }: DelayOptions): void {
    milliseconds("latencyMs", latencyMs);
    milliseconds("jitterMs", jitterMs);
    for (const way of waysOf(direction)) this.#ways[way].pace.delay(latencyMs, jitterMs);
  }

  throttle(options: ThrottleOptions): void {
    wholeNumber("bytesPerSecond", options.bytesPerSecond, 1);
    for (const way of waysOf(options.direction)) this.#ways[way].pace.throttle(options);
  }

  heal(): void {
    for (const way of waysOf()) this.#ways[way].heal();
  }

  /** @internal The other end, once it is connected. */
  join(server: Socket): void {
    this.#ways.down.to(this.#client);
    this.#ways.up.to(server);
  }

  /** @internal The other end, while it is still to be connected. */
  reach(server: Socket): void {
    this.#server = server;
    this.#own(server, this.#ways.down);
  }

  /** @internal True once it was cut or has closed. */
  get over(): boolean {
    return this.#over;
  }

  /** @internal */
  destroy(): void {
    this.#stop();
    for (const socket of this.#sockets()) socket.destroy();
  }

  #own(socket: Socket, way: OneWay): void {
    this.#openSockets += 1;
    socket.setNoDelay(true);
    socket.on("error", () => way.sourceBroke());
    socket.once("close", () => {
      this.#openSockets -= 1;
      if (this.#openSockets > 0) return;
      this.#stop();
      this.#closed.resolve();
    });
    way.from(socket);
  }

  #stop(): void {
    this.#over = true;
    for (const way of waysOf()) this.#ways[way].stop();
  }

  #sockets(): readonly Socket[] {
    return this.#server === undefined ? [this.#client] : [this.#client, this.#server];
  }
}
