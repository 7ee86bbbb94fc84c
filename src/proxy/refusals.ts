/** Why a client was not let in. */
export type RefusalCause =
  /** There is nothing at the path it asked for. */
  | "path"
  /** No WebSocket handshake, one that is too long, or one that was not finished in time. */
  | "handshake"
  /** A page of an origin that may not connect. */
  | "origin"
  /** There are as many sessions as there may be. */
  | "sessions"
  /** There are as many sockets as there may be, also such as have not said anything. */
  | "connections"
  /** Its address has as many connections as one may have. */
  | "address"
  /** `authenticate` said no, failed, or took too long; or what it let in has expired already. */
  | "credentials"
  /** The server was closed while the client was let in. */
  | "closing"
  /** It agreed on the protocol of sessions, and said no hello, or not in time. */
  | "hello"
  /** It named a session, and not its token. */
  | "token"
  /** It named a session of somebody else. */
  | "principal";

/** What a server tells of a client that it did not let in. */
export interface RefusedData {
  /** What the client was answered; undefined when it was cut off without a word. */
  readonly status: number | undefined;
  readonly cause: RefusalCause;
  /** Where it came from, in a form that can be logged; undefined when that is not known. */
  readonly address: string | undefined;
}

/** An answer to a request that is not what was asked for. */
export interface Refusal {
  readonly status: 400 | 401 | 403 | 404 | 405 | 408 | 426 | 429 | 431 | 500 | 503;
  readonly cause: RefusalCause;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export const refusals = {
  path: { status: 404, cause: "path", message: "There is nothing at this path." },
  origin: { status: 403, cause: "origin", message: "Pages of this origin may not connect." },
  sessions: {
    status: 503,
    cause: "sessions",
    message: "There are as many sessions as there may be. Try again later.",
  },
  address: { status: 429, cause: "address", message: "There are too many connections from this address." },
  unknownAddress: { status: 500, cause: "address", message: "The server cannot tell where this request comes from." },
  credentials: { status: 401, cause: "credentials", message: "These credentials are not accepted." },
  closing: { status: 503, cause: "closing", message: "The server is closing. Try again later." },
  late: { status: 408, cause: "handshake", message: "The request was not finished in time." },
  headers: { status: 431, cause: "handshake", message: "The headers of the request are too large, or too many." },
  malformed: { status: 400, cause: "handshake", message: "This is not a request that can be read." },
  method: { status: 405, cause: "handshake", message: "A WebSocket is opened with GET.", headers: { Allow: "GET" } },
  noHandshake: { status: 400, cause: "handshake", message: "This is not a WebSocket handshake." },
  resume: {
    status: 426,
    cause: "handshake",
    message: "Only clients that can resume a session are let in here.",
    headers: { Upgrade: "websocket", "Sec-WebSocket-Protocol": "trunkline.resume.v1" },
  },
  version: {
    status: 426,
    cause: "handshake",
    message: "WebSockets of version 13 are spoken here.",
    headers: { Upgrade: "websocket", "Sec-WebSocket-Version": "13" },
  },
} as const satisfies Readonly<Record<string, Refusal>>;
