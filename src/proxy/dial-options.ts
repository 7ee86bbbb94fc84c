import { TrunklineError } from "../errors.ts";
import type { LinkSocket } from "./link/index.ts";

/** How a connection is to be opened. */
export interface DialOptions {
  /** HTTP headers for the handshake, none of WebSocket's own. Node only; elsewhere they are refused. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * The subprotocol to offer; where there are more, the best comes first. The server may select one or none, and what
   * was agreed on is the socket's `protocol`. Default none.
   */
  readonly protocols?: readonly string[] | undefined;
  /**
   * True when a connection without a subprotocol is of no use: then no second one is opened without it, where the
   * first fails and the platform does not say why. Default false.
   */
  readonly required?: boolean | undefined;
  /** The URL of that second connection, as the first may have used up a token that is in it. Default: the same again. */
  readonly nextUrl?: (() => string | Promise<string>) | undefined;
  /** A larger inbound frame ends the connection with 1009, where the platform lets us choose. Default 4 MiB. */
  readonly maxPayloadBytes?: number | undefined;
  /** Gives up, also in the middle of the handshake. */
  readonly signal?: AbortSignal | undefined;
  /** How long opening may take, all tries together. Default 10 s. */
  readonly timeoutMs?: number | undefined;
}

/** Opens a WebSocket over the network. */
export type NetworkDial = (url: string, options?: DialOptions) => Promise<LinkSocket>;

export const defaultDialTimeoutMs = 10_000;

export function connectFailed(message: string, cause?: unknown): TrunklineError {
  return new TrunklineError("TL_CONNECT_FAILED", message, { cause });
}

export function givenUp(where: string, signal: AbortSignal | undefined): TrunklineError {
  return connectFailed(`Connecting to ${where} was given up.`, signal?.reason);
}

/**
 * The URL as it may be shown: without credentials and query, which often carry a secret.
 * @throws TrunklineError `TL_CONNECT_FAILED` when it is no WebSocket URL
 */
export function shownUrl(url: string): string {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch (cause) {
    throw connectFailed("The URL to connect to is not a valid URL. It should look like ws://host:8765/ws.", cause);
  }
  if (parsed.protocol === "ws:" || parsed.protocol === "wss:") {
    return `${parsed.protocol}//${parsed.host}${parsed.pathname}`;
  }
  throw connectFailed(`The URL to connect to begins with ${parsed.protocol}// and should begin with ws:// or wss://.`);
}
