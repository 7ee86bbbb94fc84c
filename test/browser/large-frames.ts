import type { LinkOptions } from "trunkline";

/** Lets frames of several megabytes cross, and more of them wait than a socket takes at a time. */
export const linkForLargeFrames: LinkOptions = { maxFrameBytes: 12_000_000, maxQueuedBytes: 100_000_000 };
