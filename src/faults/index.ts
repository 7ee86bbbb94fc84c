export { FaultConnection, type WayBytes } from "./fault-connection.ts";
export type {
  CutOptions,
  DelayOptions,
  FaultDirection,
  FaultDirections,
  FaultEnding,
  FaultWayOptions,
  SliceOptions,
  ThrottleOptions,
} from "./fault-options.ts";
export { type ConnectedOptions, FaultProxy, type FaultProxyOptions } from "./fault-proxy.ts";
export type { FaultProxyTarget } from "./fault-target.ts";
export type { Faults } from "./faults.ts";
