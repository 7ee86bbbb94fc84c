import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Control, HandConnection } from "./hand-connection.ts";
import type { HandServer } from "./hand-server.ts";

/** What a welcome grants. */
export interface Terms {
  readonly windowMs?: unknown;
  readonly frame?: unknown;
  readonly messages?: unknown;
  readonly bytes?: unknown;
  readonly heartbeatMs?: unknown;
  readonly lost?: string;
}

/** 128 random bits as they are written. */
export const secret = (): string => randomBytes(16).toString("base64url");

/**
 * The server's half of a session, kept by hand. It counts as the page says; what a client says that does not fit is a
 * complaint of the connection.
 */
export class HandSession {
  readonly sid = secret();
  token = secret();
  /** Good until the client has acknowledged on its new connection: the answer with the new one may be lost. */
  #previousToken: string | undefined;
  /** The client's frames in order; undefined where it skipped one. */
  readonly taken: (Uint8Array | undefined)[] = [];
  /** Our frames in order. */
  readonly said: Uint8Array[] = [];
  /** Up to where the client has acknowledged them. */
  acked = 0;
  /** Up to where we have acknowledged the client's. */
  confirmed = 0;
  connection: HandConnection;
  /** Acknowledges every frame at once. */
  acknowledges = false;
  /** What of ours is left out of a replay. */
  isStale: (frame: Uint8Array) => boolean = () => false;

  private constructor(connection: HandConnection) {
    this.connection = connection;
    this.#hear(connection);
  }

  /** Answers the hello of a new client with a welcome. */
  static async begin(connection: HandConnection, terms: Terms = {}): Promise<HandSession> {
    const hello = await connection.control("hello");
    const session = new HandSession(connection);
    if (hello.sid !== null && terms.lost === undefined) connection.complaints.push("a new client that names a session");
    connection.say(session.welcome(terms));
    return session;
  }

  welcome({ lost, windowMs, frame, messages, bytes, heartbeatMs }: Terms = {}): Control {
    return {
      t: "welcome",
      sid: this.sid,
      token: this.token,
      windowMs: windowMs ?? 120_000,
      max: { frame: frame ?? 1_048_576, messages: messages ?? 2_048, bytes: bytes ?? 4_194_304 },
      heartbeatMs: heartbeatMs ?? 10_000,
      ...(lost === undefined ? {} : { lost }),
    };
  }

  /**
   * Answers the hello of a client that comes back, and sends again what it has not received.
   * @param survived - how many of the client's frames arrived; fewer than were heard, when the network lost the last
   */
  async resume(connection: HandConnection, survived?: number): Promise<number> {
    const hello = await connection.control("hello");
    // Nothing of the old connection counts from now on.
    this.connection.onFrame = () => {};
    this.connection.onControl = () => {};
    this.connection.cut();
    const received = survived ?? this.taken.length;
    const { sid } = this;
    const token = hello.token === this.#previousToken ? hello.token : this.token;
    const arrived = Number(hello.received);
    const expected = { t: "hello", v: 1, sid, token, received: arrived };
    if (!isDeepStrictEqual(hello, expected)) {
      connection.complaints.push(`${JSON.stringify(hello)}, not ${JSON.stringify(expected)}`);
    }
    if (!(arrived >= this.acked && arrived <= this.said.length)) connection.complaints.push(`received ${arrived}`);
    this.taken.length = received;
    this.confirmed = received;
    this.#hear(connection);
    this.#previousToken = String(token);
    this.token = secret();
    connection.say({ t: "resumed", received, token: this.token });
    this.acked = arrived;
    this.#replay(arrived);
    return arrived;
  }

  /** Sends frames that the session remembers. */
  send(...frames: readonly Uint8Array[]): void {
    this.said.push(...frames);
    this.connection.send(...frames);
  }

  acknowledge(received = this.taken.length): void {
    this.confirmed = Math.max(this.confirmed, received);
    this.connection.say({ t: "ack", received });
  }

  #replay(arrived: number): void {
    let stale = 0;
    const leaveOut = () => {
      if (stale > 0) this.connection.say({ t: "skip", count: stale });
      stale = 0;
    };
    for (const frame of this.said.slice(arrived)) {
      if (this.isStale(frame)) {
        stale += 1;
        continue;
      }
      leaveOut();
      this.connection.send(frame);
    }
    leaveOut();
  }

  #hear(connection: HandConnection): void {
    this.connection = connection;
    connection.onFrame = (bytes) => {
      this.taken.push(bytes);
      if (this.acknowledges) this.acknowledge();
    };
    connection.onControl = (control) => {
      if (control.t === "ack") this.#acknowledged(control.received);
      if (control.t === "skip") this.#skipped(control.count);
    };
  }

  #acknowledged(received: unknown): void {
    const fits =
      Number.isSafeInteger(received) && Number(received) >= this.acked && Number(received) <= this.said.length;
    this.#previousToken = undefined;
    if (fits) this.acked = Number(received);
    else this.connection.complaints.push(`ack ${received} is not in [${this.acked}, ${this.said.length}]`);
  }

  #skipped(count: unknown): void {
    if (!Number.isSafeInteger(count) || Number(count) < 1) this.connection.complaints.push(`skip ${count}`);
    else for (let n = 0; n < Number(count); n++) this.taken.push(undefined);
  }
}

/**
 * Answers every hello at a server as the page says. The sessions are in the order they began.
 * @param survived - how many of a session's frames have arrived when its client comes back. Default: those that were heard
 */
export function answering(server: HandServer, survived?: (session: HandSession) => number): HandSession[] {
  const sessions: HandSession[] = [];
  server.onConnection = (connection) => {
    connection.onControl = ({ t, sid }) => {
      if (t !== "hello") return;
      const known = sessions.find((session) => session.sid === sid);
      if (known !== undefined) void known.resume(connection, survived?.(known));
      else void HandSession.begin(connection).then((session) => sessions.push(session));
    };
  };
  return sessions;
}
