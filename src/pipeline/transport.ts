import type { FrameProcessor } from "./processor.ts";

/** How a person reaches a pipeline: a terminal, a browser, a telephone. */
export interface Transport {
  /** The first processor of the pipeline: what the person says. */
  input(): FrameProcessor;
  /** The processor that brings the answer to the person. */
  output(): FrameProcessor;
  /** Adds a handler for the coming and going of a person; the returned function takes it away. */
  on(event: "clientConnected" | "clientDisconnected", handler: (client: unknown) => void | Promise<void>): () => void;
}
