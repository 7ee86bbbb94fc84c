import type { Socket } from "node:net";

/**
 * Sends a RST and nothing else. Left to itself, `resetAndDestroy` first waits until all is written, which a peer that
 * does not read puts off for ever, and it fails when a FIN is under way at that moment.
 */
export function resetNow(socket: Socket): void {
  if (socket.destroyed) return;
  if (socket.connecting) {
    socket.destroy();
    return;
  }
  socket.destroySoon = () => void socket.destroy();
  socket.resetAndDestroy();
}
