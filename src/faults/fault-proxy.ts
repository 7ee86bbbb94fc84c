import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { messageOf, TrunklineError } from "../errors.ts";
import { type Clock, systemClock } from "../proxy/link/index.ts";
import { type Deferred, deferred, within } from "../util/index.ts";
import { FaultConnection } from "./fault-connection.ts";
import {
  type CutOptions,
  type DelayOptions,
  endingOf,
  type FaultDirection,
  type FaultDirections,
  type FaultEnding,
  type SliceOptions,
  type ThrottleOptions,
  waysOf,
  wholeNumber,
} from "./fault-options.ts";
import { type FaultProxyTarget, type FaultTargetAddress, targetAddress, urlThrough } from "./fault-target.ts";
import type { Faults } from "./faults.ts";
import { resetNow } from "./reset-now.ts";

/** How a {@link FaultProxy} is set up. */
export interface FaultProxyOptions {
  /** Makes the same faults again: a whole number below 2^32. Default: another one each time; see `proxy.seed`. */
  readonly seed?: number | undefined;
  /** What delays and throttled bytes wait for. Default: the system's clock. */
  readonly clock?: Clock | undefined;
  /** Called with each connection before its first byte passes, after the proxy's own conditions were set. */
  readonly onConnection?: ((connection: FaultConnection) => void) | undefined;
}

/** How long to wait for a connection. */
export interface ConnectedOptions {
  /** In milliseconds. Default 2,000. */
  readonly timeoutMs?: number | undefined;
}

type Door = "allow" | "hold" | FaultEnding;

/**
 * Stands between clients and a server, passes their TCP connections on, and does to them what networks do. Its faults
 * are for every live connection; its conditions also for those still to come, until {@link FaultProxy.heal}.
 */
export class FaultProxy implements Faults, AsyncDisposable {
  /** What the proxy's random numbers began with. */
  readonly seed: number;
  readonly #address: FaultTargetAddress;
  readonly #clock: Clock;
  readonly #onConnection: ((connection: FaultConnection) => void) | undefined;
  readonly #server: Server;
  readonly #live = new Set<FaultConnection>();
  readonly #held = new Set<FaultConnection>();
  readonly #conditions = new Map<string, (connection: FaultConnection) => void>();
  readonly #made: FaultConnection[] = [];
  readonly #waiting = new Map<Deferred<void>, number>();
  #port = 0;
  #numbers = 0;
  #refusals = 0;
  #door: Door = "allow";
  #ended: Promise<void> | undefined;

  private constructor(address: FaultTargetAddress, { seed, clock = systemClock, onConnection }: FaultProxyOptions) {
    this.#address = address;
    this.seed = seed === undefined ? Math.floor(Math.random() * 2 ** 32) : wholeNumber("seed", seed, 0);
    this.#clock = clock;
    this.#onConnection = onConnection;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client));
  }

  /**
   * Listens on a free port of 127.0.0.1.
   * @throws TrunklineError `TL_INVALID_OPTION` for a target or a seed that cannot be meant, `TL_PORT_IN_USE` when there
   * is no port
   */
  static async listen(target: FaultProxyTarget, options: FaultProxyOptions = {}): Promise<FaultProxy> {
    const proxy = new FaultProxy(targetAddress(target), options);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once("error", (cause) => {
        reject(new TrunklineError("TL_PORT_IN_USE", `A fault proxy cannot listen: ${messageOf(cause)}.`, { cause }));
      });
      proxy.#server.listen(0, "127.0.0.1", resolve);
    });
    proxy.#port = (proxy.#server.address() as AddressInfo).port;
    return proxy;
  }

  /** Where clients connect, on 127.0.0.1. */
  get port(): number {
    return this.#port;
  }

  /** The target's URL by way of the proxy; `tcp:` where the target was a port. */
  get url(): string {
    return urlThrough(this.#address, this.#port);
  }

  /** The live ones, in the order they came, those on hold included. */
  get connections(): readonly FaultConnection[] {
    return [...this.#live];
  }

  /** How many were turned away. */
  get refusals(): number {
    return this.#refusals;
  }

  /**
   * The connection that was the n-th to reach the server, since the proxy listens; waits for it.
   * @throws TrunklineError `TL_TEST_FAILED` when it has not come in time
   */
  async connected(n = 1, { timeoutMs = 2_000 }: ConnectedOptions = {}): Promise<FaultConnection> {
    wholeNumber("n", n, 1);
    if (this.#made[n - 1] === undefined) {
      const came = deferred();
      this.#waiting.set(came, n);
      await within(came.promise, timeoutMs);
      this.#waiting.delete(came);
    }
    const connection = this.#made[n - 1];
    if (connection !== undefined) return connection;
    const story = `${this.#made.length} reached the server, ${this.#refusals} were refused, ${this.#held.size} are on hold`;
    throw new TrunklineError(
      "TL_TEST_FAILED",
      `Connection ${n} of the fault proxy did not come ${this.#ended ? "before its end" : `within ${timeoutMs} ms`}: ${story} (seed ${this.seed}).`,
    );
  }

  /** Connections that come are closed at once, and never reach the server. Default `reset`. */
  refuse(how?: FaultEnding): void {
    this.#door = endingOf(how);
  }

  /** Connections that come are accepted and hear nothing; the server does not know of them. */
  hold(): void {
    this.#door = "hold";
  }

  /** Connections reach the server again, first of all those on hold, with what their clients have sent. */
  allow(): void {
    this.#door = "allow";
    for (const connection of this.#held) this.#reach(connection);
    this.#held.clear();
  }

  reset(): void {
    for (const connection of this.#live) connection.reset();
  }

  end(): void {
    for (const connection of this.#live) connection.end();
  }

  halfClose(direction: FaultDirection): void {
    for (const connection of this.#live) connection.halfClose(direction);
  }

  cutAfter(bytes: number, options: CutOptions = {}): void {
    this.#hold("cutAfter", options.direction, (direction, it) => it.cutAfter(bytes, { ...options, direction }));
  }

  blackhole(direction?: FaultDirections): void {
    this.#hold("blackhole", direction, (way, it) => it.blackhole(way));
  }

  slice(options: SliceOptions = {}): void {
    this.#hold("slice", options.direction, (direction, it) => it.slice({ ...options, direction }));
  }

  delay(options: DelayOptions): void {
    this.#hold("delay", options.direction, (direction, it) => it.delay({ ...options, direction }));
  }

  throttle(options: ThrottleOptions): void {
    this.#hold("throttle", options.direction, (direction, it) => it.throttle({ ...options, direction }));
  }

  heal(): void {
    this.#conditions.clear();
    for (const connection of this.#live) connection.heal();
  }

  /** Cuts every connection and stops listening; nothing is left behind. Doing it twice is harmless. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#ended ??= this.#end();
    return this.#ended;
  }

  async #end(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const connection of this.#live) connection.destroy();
    for (const waiting of this.#waiting.keys()) waiting.resolve();
    await closed;
    await Promise.all([...this.#live].map((connection) => connection.closed));
  }

  #hold(
    name: string,
    direction: FaultDirections | undefined,
    condition: (way: FaultDirection, connection: FaultConnection) => void,
  ): void {
    for (const way of waysOf(direction)) {
      const apply = (connection: FaultConnection) => condition(way, connection);
      for (const connection of this.#live) apply(connection);
      this.#conditions.set(`${name} ${way}`, apply);
    }
  }

  #accept(client: Socket): void {
    if (this.#door === "reset" || this.#door === "end") {
      this.#refusals += 1;
      client.on("error", () => client.destroy());
      if (this.#door === "reset") resetNow(client);
      else client.end().destroySoon();
      return;
    }
    this.#numbers += 1;
    const connection = new FaultConnection({ number: this.#numbers, client, clock: this.#clock, seed: this.seed });
    this.#live.add(connection);
    void connection.closed.then(() => {
      this.#live.delete(connection);
      this.#held.delete(connection);
    });
    for (const apply of this.#conditions.values()) apply(connection);
    this.#onConnection?.(connection);
    if (this.#door === "hold") this.#held.add(connection);
    else this.#reach(connection);
  }

  #reach(connection: FaultConnection): void {
    if (connection.over) return;
    const server = connect({ ...this.#address, allowHalfOpen: true, noDelay: true });
    connection.reach(server);
    server.once("connect", () => {
      if (connection.over) return;
      this.#made.push(connection);
      connection.join(server);
      for (const [waiting, n] of this.#waiting) if (this.#made.length >= n) waiting.resolve();
    });
  }
}
