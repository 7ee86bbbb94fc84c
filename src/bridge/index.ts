export { BusBridgeProcessor, type BusBridgeProcessorOptions } from "./bus-bridge-processor.ts";
export { BusEdges, type BusEdgesOptions } from "./bus-edges.ts";
