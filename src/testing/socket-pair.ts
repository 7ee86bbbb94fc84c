import { TrunklineError } from "../errors.ts";
import { Cable } from "./cable.ts";
import { MemorySocket } from "./memory-socket.ts";

/** How fast a pair of sockets is, and what it speaks. */
export interface SocketPairOptions {
  /** How many turns of the event loop a frame is on its way, in either direction. Default 1. */
  readonly delayTurns?: number | undefined;
  /** The subprotocol that both ends are to have agreed on. Default none. */
  readonly protocol?: string | undefined;
}

/** Two open sockets, each the other end of the other. */
export interface SocketPair extends Disposable {
  /** For the client's side: `dial: () => pair.client`. */
  readonly client: MemorySocket;
  /** For the server's side: `websocket: pair.server`. */
  readonly server: MemorySocket;
  /** Nothing arrives any more, in either direction, and neither side is told: a network that has fallen silent. */
  hold(): void;
  /** What was held arrives. */
  release(): void;
  /** The connection breaks: what is on its way is lost, and both ends close with 1006. */
  cut(): void;
  /** The same as {@link cut}. */
  [Symbol.dispose](): void;
}

/**
 * Joins two sockets in memory, so that proxies can be tested without a network.
 * @throws TrunklineError `TL_INVALID_OPTION` when `delayTurns` is not a whole number of at least 1
 */
export function socketPair(options: SocketPairOptions = {}): SocketPair {
  const { delayTurns = 1, protocol = "" } = options;
  if (!Number.isInteger(delayTurns) || delayTurns < 1) {
    throw new TrunklineError("TL_INVALID_OPTION", `delayTurns must be a whole number from 1; it is ${delayTurns}.`);
  }
  const toServer: Cable = new Cable({ delayTurns, reads: () => server.reads });
  const toClient: Cable = new Cable({ delayTurns, reads: () => client.reads });
  const client: MemorySocket = new MemorySocket({
    protocol,
    outbound: toServer,
    inbound: toClient,
    peer: () => server,
  });
  const server: MemorySocket = new MemorySocket({
    protocol,
    outbound: toClient,
    inbound: toServer,
    peer: () => client,
  });
  const cables = [toServer, toClient];
  const cut = () => {
    for (const cable of cables) cable.clear();
    for (const socket of [client, server]) socket.cut();
  };
  return {
    client,
    server,
    hold: () => {
      for (const cable of cables) cable.hold();
    },
    release: () => {
      for (const cable of cables) cable.release();
    },
    cut,
    [Symbol.dispose]: cut,
  };
}
