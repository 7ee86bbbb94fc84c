import type { Welcome } from "./control-frame.ts";
import type { ResolvedLinkOptions } from "./options.ts";

/** What the two ends of a session hold each other to. */
export interface SessionTerms {
  readonly sid: string;
  /** How long the session waits for another connection. */
  readonly windowMs: number;
  readonly heartbeatMs: number;
  /** The largest frame that both take. */
  readonly maxFrameBytes: number;
  /** What may be unacknowledged, in frames and in bytes. */
  readonly maxFrames: number;
  readonly maxBytes: number;
}

/** What a server with these options grants. */
export function grantedTerms(sid: string, options: ResolvedLinkOptions): SessionTerms {
  const { windowMs, heartbeatMs, maxFrameBytes, maxQueuedFrames, maxQueuedBytes } = options;
  return { sid, windowMs, heartbeatMs, maxFrameBytes, maxFrames: maxQueuedFrames, maxBytes: maxQueuedBytes };
}

/** How a server tells them. */
export function welcomeOf(terms: SessionTerms, token: string, lost: Welcome["lost"]): Welcome {
  const { sid, windowMs, heartbeatMs, maxFrameBytes: frame, maxFrames: messages, maxBytes: bytes } = terms;
  return { t: "welcome", sid, token, windowMs, max: { frame, messages, bytes }, heartbeatMs, lost };
}

/** A server cannot make a client ask more often than this, unless it would by itself. */
const leastHeartbeatMs = 1_000;

/** What a client makes of them: each limit is the smaller of both. */
export function acceptedTerms(
  { sid, windowMs, heartbeatMs, max }: Welcome,
  options: ResolvedLinkOptions,
): SessionTerms {
  return {
    sid,
    windowMs,
    heartbeatMs: Math.min(Math.max(heartbeatMs, leastHeartbeatMs), options.heartbeatMs),
    maxFrameBytes: Math.min(max.frame, options.maxFrameBytes),
    maxFrames: Math.min(max.messages, options.maxQueuedFrames),
    maxBytes: Math.min(max.bytes, options.maxQueuedBytes),
  };
}
