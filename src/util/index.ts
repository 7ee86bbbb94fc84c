export { type LinkedAbort, linkAbort, longestTimeoutMs, orAborted, unlessAborted, within } from "./abort.ts";
export { type Deferred, deferred, done, isPromiseLike } from "./deferred.ts";
export { Deque } from "./deque.ts";
export { Emitter, type EventHandler } from "./emitter.ts";
export { estimatedBytes } from "./estimated-bytes.ts";
export { Inbox, type InboxDepth, type InboxOptions } from "./inbox.ts";
export { quiet } from "./quiet.ts";
export { isRecord } from "./record.ts";
export { nextTurn, Turn } from "./turn.ts";
