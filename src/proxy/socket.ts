import { TrunklineError } from "../errors.ts";
import type { LinkSocket } from "./link/index.ts";
import { WebSocketAdapter, type WebSocketLike } from "./web-socket.ts";
import { type WsLike, WsSocket } from "./ws-socket.ts";

/**
 * Takes a WebSocket of any make for a link. It listens from now on, so that nothing the peer says is missed, and
 * holds what arrives until the link is opened. One that was taken before is returned as it is.
 * @param protocol the subprotocol that was agreed on, where the WebSocket itself does not know
 * @throws TrunklineError `TL_INVALID_OPTION` when it is not a WebSocket
 */
export function linkSocketFrom(websocket: unknown, protocol?: string): LinkSocket {
  if (websocket instanceof WsSocket || websocket instanceof WebSocketAdapter) return websocket;
  if (isWsLike(websocket)) return new WsSocket(websocket, protocol);
  if (isWebSocketLike(websocket)) return new WebSocketAdapter(websocket, protocol);
  throw new TrunklineError(
    "TL_INVALID_OPTION",
    "websocket must be an accepted WebSocket: one of the ws package, of @fastify/websocket, or a standard one.",
  );
}

function isWsLike(value: unknown): value is WsLike {
  return hasMethods(value, ["on", "send", "ping", "close", "terminate"]);
}

function isWebSocketLike(value: unknown): value is WebSocketLike {
  return hasMethods(value, ["addEventListener", "removeEventListener", "send", "close"]);
}

function hasMethods(value: unknown, names: readonly string[]): boolean {
  if (typeof value !== "object" || value === null) return false;
  return names.every((name) => typeof (value as Record<string, unknown>)[name] === "function");
}
