import type { LinkOptions } from "trunkline";

/** For both ends: lets frames of several megabytes cross, and has what takes a while by default in short. */
export const tabLink: LinkOptions = {
  maxFrameBytes: 12_000_000,
  // More than a socket takes at a time.
  maxQueuedBytes: 100_000_000,
  windowMs: 2_500,
  backoff: { minMs: 10, spreadMs: 40, maxSpreadMs: 100 },
};
