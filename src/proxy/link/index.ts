export { backoffDelayMs } from "./backoff.ts";
export { abnormalCode, silentPeerCode } from "./carrier.ts";
export { type Clock, systemClock } from "./clock.ts";
export type { LinkCounters } from "./counters.ts";
export type { ConnectFailure, Dial } from "./dialer.ts";
export { Link } from "./link.ts";
export type { LinkEnding, LinkEvents, LinkOrigin } from "./link-events.ts";
export type { LinkSocket, LinkSocketHandlers, SocketEnding } from "./link-socket.ts";
export { defaultMaxFrameBytes, type LinkOptions, payloadLimitFor } from "./options.ts";
