import type { Socket } from "node:net";

/**
 * Sends a RST and nothing else. Left to itself, `resetAndDestroy` first waits until all is written, which a peer that
 * does not read puts off for ever. While a connection is being made, or a FIN is under way, there is none to be had: then
 * the socket is just closed.
 */
export function resetNow(socket: Socket): void {
  if (socket.destroyed) return;
  const isEnding = socket.writableEnded && !socket.writableFinished;
  if (socket.connecting || isEnding) {
    socket.destroy();
    return;
  }
  socket.destroySoon = () => void socket.destroy();
  socket.resetAndDestroy();
}
