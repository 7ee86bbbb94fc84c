import type {
  CutOptions,
  DelayOptions,
  FaultDirection,
  FaultDirections,
  SliceOptions,
  ThrottleOptions,
} from "./fault-options.ts";

/**
 * What can befall a connection. The first three happen once and now; the others are conditions, which hold until
 * {@link Faults.heal}. All of them throw TrunklineError `TL_INVALID_OPTION` for options that cannot be meant.
 */
export interface Faults {
  /** Both ends are cut off at once, as by a crash: they see ECONNRESET. What is on its way is lost. */
  reset(): void;

  /** Both ends are told that the other one has ended (FIN). What is on its way is lost. */
  end(): void;

  /**
   * The receiver of this way is told that there is no more to come, after what is on its way; the other way goes on.
   * What the sender still sends is dropped.
   */
  halfClose(direction: FaultDirection): void;

  /**
   * Exactly so many more bytes pass in a direction, then the connection is cut. A connection that is still to come
   * counts from its first byte.
   */
  cutAfter(bytes: number, options?: CutOptions): void;

  /**
   * Nothing arrives, no end either, and the connection stays open. What is sent meanwhile is held, as TCP would send it
   * again, and arrives after {@link Faults.heal}; at 256 KiB a way the sender is made to wait.
   */
  blackhole(direction?: FaultDirections): void;

  /** Bytes arrive in small pieces, each in a turn of the event loop of its own. */
  slice(options?: SliceOptions): void;

  /** Bytes arrive later, in order. At most 256 KiB a way are late at the same time, then the sender waits. */
  delay(options: DelayOptions): void;

  /** Bytes arrive slowly. */
  throttle(options: ThrottleOptions): void;

  /** Takes all conditions away; what was held goes on its way. */
  heal(): void;
}
