import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { type Refusal, refusals } from "./refusals.ts";

/** How long the headers of a request may be, with its first line, in bytes. */
export const maxHeaderBytes = 16_384;
/** How many lines of headers a request may have. */
export const maxHeaderLines = 64;

// 16 bytes in Base64.
const handshakeKey = /^[+/0-9A-Za-z]{22}==$/;
const subprotocolName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Answers and hangs up. The peer may be gone already. */
export function refuseUpgrade(socket: Duplex, { status, message, headers }: Refusal): void {
  const body = `${message}\n`;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "Connection: close",
    ...Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${value}`),
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

/** What is wrong with a request as the beginning of a WebSocket; undefined when nothing is. */
export function handshakeProblem({ method, url = "", headers, rawHeaders }: IncomingMessage): Refusal | undefined {
  // An HTTP server that is not our own may have let more through.
  if (hasTooManyLines(rawHeaders)) return refusals.headers;
  if (rawHeaders.reduce((bytes, part) => bytes + part.length + 2, url.length) > maxHeaderBytes) return refusals.headers;
  if (method !== "GET") return refusals.method;
  if (headers.upgrade?.toLowerCase() !== "websocket") return refusals.noHandshake;
  if (!handshakeKey.test(headers["sec-websocket-key"] ?? "")) return refusals.noHandshake;
  if (!namesSubprotocols(headers["sec-websocket-protocol"])) return refusals.noHandshake;
  // What follows the headers is the other protocol; a body would be read as that.
  if (headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) !== 0) {
    return refusals.noHandshake;
  }
  return headers["sec-websocket-version"] === "13" ? undefined : refusals.version;
}

export function hasTooManyLines(rawHeaders: readonly string[]): boolean {
  return rawHeaders.length / 2 > maxHeaderLines;
}

function namesSubprotocols(header: string | undefined): boolean {
  if (header === undefined) return true;
  const names = header.split(",").map((name) => name.trim());
  return names.every((name) => subprotocolName.test(name)) && new Set(names).size === names.length;
}

/** True when the client offers this subprotocol. */
export function offers({ headers }: IncomingMessage, protocol: string): boolean {
  const offered = headers["sec-websocket-protocol"]?.split(",") ?? [];
  return offered.some((name) => name.trim() === protocol);
}
