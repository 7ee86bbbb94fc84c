import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { longestTimeoutMs } from "../util/index.ts";
import { networkOf } from "./address-limits.ts";
import { type Refusal, refusals } from "./refusals.ts";
import { refuseUpgrade } from "./upgrade.ts";

export interface ArrivalsInit {
  /** From the connection to the end of the headers. */
  readonly timeoutMs: number;
  /** The server is ours: nobody but clients and health checks has business there. */
  readonly own: boolean;
  /** How many sockets of one address may be watched at a time. */
  readonly maxPerAddress: number;
  /** A socket was turned away; without a refusal, it was not told. */
  onRefused(refusal: Refusal | undefined, address: string | undefined): void;
}

interface Arrival {
  readonly network: string | undefined;
  readonly timer: ReturnType<typeof setTimeout>;
  readonly forget: () => void;
}

/**
 * Watches over sockets that have connected and not yet asked to be let in.
 *
 * 1. Whoever is silent, or drips, is gone when the time is over, whatever it sends meanwhile.
 * 2. One address cannot fill the server with sockets that say nothing: its oldest makes room.
 * 3. At a server of somebody else's, a socket that has made any request is left alone: its time is for its owner to limit.
 */
export class Arrivals {
  readonly #http: Server;
  readonly #init: ArrivalsInit;
  readonly #watched = new Map<Duplex, Arrival>();
  readonly #byNetwork = new Map<string, Set<Socket>>();
  readonly #connected: "connection" | "secureConnection";

  constructor(http: Server, init: ArrivalsInit) {
    this.#http = http;
    this.#init = init;
    // The time for TLS is limited by its own server.
    this.#connected = "setSecureContext" in http ? "secureConnection" : "connection";
    http.on(this.#connected, this.#arrived);
    // First in the row: one that throws keeps those behind it from hearing of the request.
    if (!init.own) http.prependListener("request", this.#asked);
  }

  /** A socket has asked to be let in: from now on others watch over it. */
  letPass(socket: Duplex): void {
    const arrival = this.#watched.get(socket);
    if (arrival === undefined) return;
    clearTimeout(arrival.timer);
    socket.off("close", arrival.forget);
    this.#watched.delete(socket);
    if (arrival.network === undefined) return;
    const others = this.#byNetwork.get(arrival.network);
    others?.delete(socket as Socket);
    if (others?.size === 0) this.#byNetwork.delete(arrival.network);
  }

  /** Watches over nobody any more. */
  stop(): void {
    this.#http.off(this.#connected, this.#arrived);
    this.#http.off("request", this.#asked);
    for (const socket of [...this.#watched.keys()]) this.letPass(socket);
  }

  readonly #asked = ({ socket }: { readonly socket: Socket }): void => this.letPass(socket);

  readonly #arrived = (socket: Socket): void => {
    const { timeoutMs, own, maxPerAddress } = this.#init;
    if (socket.destroyed) return;
    const timer = setTimeout(() => this.#late(socket), Math.min(timeoutMs, longestTimeoutMs));
    const forget = () => this.letPass(socket);
    socket.once("close", forget);
    const network = own && socket.remoteAddress !== undefined ? networkOf(socket.remoteAddress) : undefined;
    this.#watched.set(socket, { network, timer, forget });
    if (network === undefined) return;
    const others = this.#byNetwork.get(network) ?? new Set();
    this.#byNetwork.set(network, others.add(socket));
    const [oldest] = others;
    if (others.size > maxPerAddress && oldest !== undefined) this.#cut(oldest);
  };

  #late(socket: Socket): void {
    this.letPass(socket);
    if (socket.bytesWritten === 0) {
      this.#init.onRefused(refusals.late, socket.remoteAddress);
      refuseUpgrade(socket, refusals.late);
      // Somebody else's server may have begun to answer without having told of a request.
    } else if (this.#init.own) socket.destroy();
  }

  #cut(socket: Socket): void {
    this.letPass(socket);
    this.#init.onRefused(undefined, socket.remoteAddress);
    socket.destroy();
  }
}
