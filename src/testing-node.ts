/**
 * What tests of links need and only Node has: a TCP proxy that does to connections what networks do.
 *
 * @module trunkline/testing/node
 */

export {
  type ConnectedOptions,
  type CutOptions,
  type DelayOptions,
  FaultConnection,
  type FaultDirection,
  type FaultDirections,
  type FaultEnding,
  FaultProxy,
  type FaultProxyOptions,
  type FaultProxyTarget,
  type Faults,
  type FaultWayOptions,
  type SliceOptions,
  type ThrottleOptions,
  type WayBytes,
} from "./faults/index.ts";
