import { isRecord } from "../../util/index.ts";

/** The subprotocol in which connections carry control frames, and sessions outlive them. */
export const resumeProtocol = "trunkline.resume.v1";

/** Why a server cannot go on with the session that a client asks for. */
export type UnresumableReason = (typeof unresumableReasons)[number];

export interface Hello {
  readonly t: "hello";
  /** Undefined: a new session. */
  readonly resume: { readonly sid: string; readonly token: string } | undefined;
  /** How many frames of the server's have been handed over here. */
  readonly received: number;
}

export interface Welcome {
  readonly t: "welcome";
  readonly sid: string;
  readonly token: string;
  readonly windowMs: number;
  /** What the server takes: bytes of a frame, and what may be unacknowledged in frames and in bytes. */
  readonly max: { readonly frame: number; readonly messages: number; readonly bytes: number };
  readonly heartbeatMs: number;
  /** This is another session than the one that was asked for. */
  readonly lost?: UnresumableReason | undefined;
}

export interface Resumed {
  readonly t: "resumed";
  readonly received: number;
  readonly token: string;
}

export type ControlFrame =
  | Hello
  | Welcome
  | Resumed
  | { readonly t: "ack"; readonly received: number }
  | { readonly t: "skip"; readonly count: number }
  | { readonly t: "bye" }
  | { readonly t: "away"; readonly retryMs: readonly [min: number, max: number] };

/** The largest control frame, in bytes. */
export const maxControlBytes = 4_096;

const unresumableReasons = ["expired", "unknown", "overflow", "pressure", "mismatch"] as const;
const decoder = new TextDecoder("utf-8", { fatal: true });
// 128 bits in base64url.
const secret = /^[\w-]{22}$/;

export function isUnresumableReason(reason: string | undefined): reason is UnresumableReason {
  return unresumableReasons.some((known) => known === reason);
}

export function writeControlFrame(frame: ControlFrame): string {
  if (frame.t !== "hello") return JSON.stringify(frame);
  const { resume, received } = frame;
  return JSON.stringify({ t: "hello", v: 1, sid: resume?.sid ?? null, token: resume?.token, received });
}

/** What a text frame says; undefined when it is no control frame of this protocol. Never throws. */
export function readControlFrame(bytes: Uint8Array): ControlFrame | undefined {
  if (bytes.byteLength > maxControlBytes) return undefined;
  let frame: unknown;
  try {
    frame = JSON.parse(decoder.decode(bytes));
  } catch {
    return undefined;
  }
  if (!isRecord(frame) || typeof frame.t !== "string" || !Object.hasOwn(readers, frame.t)) return undefined;
  return readers[frame.t as keyof typeof readers](frame);
}

type Fields = Readonly<Record<string, unknown>>;

// Each builds its result anew: nothing else that the peer may have put into a frame is ever seen.
const readers = {
  hello({ v, sid, token, received }: Fields): Hello | undefined {
    if (v !== 1 || !isCount(received)) return undefined;
    if (sid === null)
      return token === undefined && received === 0 ? { t: "hello", resume: undefined, received } : undefined;
    return isSecret(sid) && isSecret(token) ? { t: "hello", resume: { sid, token }, received } : undefined;
  },
  welcome({ sid, token, windowMs, max, heartbeatMs, lost }: Fields): Welcome | undefined {
    if (!isSecret(sid) || !isSecret(token) || !isCount(windowMs) || !isPositive(heartbeatMs)) return undefined;
    if (!isRecord(max) || !isPositive(max.frame) || !isPositive(max.messages) || !isPositive(max.bytes))
      return undefined;
    const reason = unresumableReasons.find((known) => known === lost);
    if (lost !== undefined && reason === undefined) return undefined;
    const { frame, messages, bytes } = max;
    return { t: "welcome", sid, token, windowMs, max: { frame, messages, bytes }, heartbeatMs, lost: reason };
  },
  resumed({ received, token }: Fields): Resumed | undefined {
    return isCount(received) && isSecret(token) ? { t: "resumed", received, token } : undefined;
  },
  ack({ received }: Fields): ControlFrame | undefined {
    return isCount(received) ? { t: "ack", received } : undefined;
  },
  skip({ count }: Fields): ControlFrame | undefined {
    return isPositive(count) ? { t: "skip", count } : undefined;
  },
  bye(): ControlFrame {
    return { t: "bye" };
  },
  away({ retryMs }: Fields): ControlFrame | undefined {
    if (!Array.isArray(retryMs) || retryMs.length !== 2) return undefined;
    const [min, max] = retryMs as readonly unknown[];
    return isCount(min) && isCount(max) && min <= max ? { t: "away", retryMs: [min, max] } : undefined;
  },
};

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isPositive(value: unknown): value is number {
  return isCount(value) && value > 0;
}

function isSecret(value: unknown): value is string {
  return typeof value === "string" && secret.test(value);
}
