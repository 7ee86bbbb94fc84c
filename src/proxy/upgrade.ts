import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

/** An answer to a WebSocket upgrade that is not a WebSocket. */
export interface Refusal {
  readonly status: 401 | 403 | 404 | 405 | 503;
  readonly message: string;
}

/** Answers and hangs up. The peer may be gone already. */
export function refuseUpgrade(socket: Duplex, { status, message }: Refusal): void {
  const body = `${message}\n`;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "Connection: close",
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.once("finish", () => socket.destroy());
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}

/** The path of a request, without its query; undefined when there is none that can be read. */
export function pathOf(request: IncomingMessage): string | undefined {
  // The target comes from the peer; the base only makes a relative one readable.
  return URL.canParse(request.url ?? "", "http://base")
    ? new URL(request.url ?? "", "http://base").pathname
    : undefined;
}
