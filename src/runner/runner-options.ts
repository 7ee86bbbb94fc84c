import type { AgentBus } from "../bus/index.ts";
import type { TrunklineError } from "../errors.ts";

/** What a runner is built with. */
export interface AgentRunnerOptions {
  /** Unique among the runners that share a bus. Default: `runner-` and eight random letters. */
  readonly name?: string | undefined;
  /** Default: a `LocalBus` of its own. */
  readonly bus?: AgentBus | undefined;
  /** Whether Ctrl-C cancels it. Default: true. Without effect where there are no signals. */
  readonly handleSigint?: boolean | undefined;
  /** Whether SIGTERM cancels it. Default: false. */
  readonly handleSigterm?: boolean | undefined;
  /** How long a graceful end, of all or of one agent, may take before what is left is cancelled. Default: 30,000. */
  readonly shutdownTimeoutMs?: number | undefined;
  /**
   * How often it shows the other runners on a shared bus that it lives, 200 to 300,000 milliseconds; 0: never. They take
   * it for gone when they hear nothing for two and a half times that. Default: 5,000. Without effect on a `LocalBus`.
   */
  readonly heartbeatIntervalMs?: number | undefined;
}

/** What a runner tells those that listen with `on`. */
export interface AgentRunnerEvents {
  /** Every agent that was added before has been started. */
  ready: undefined;
  /** Something failed that nobody else handles: a handler, a hook, a pipeline, a start. */
  error: TrunklineError;
}

export const defaultShutdownTimeoutMs = 30_000;
export const defaultHeartbeatIntervalMs = 5_000;
