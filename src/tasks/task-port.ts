import type { BusMessage } from "../bus/index.ts";

/** What both sides need of the agent that holds them. */
export interface TaskPort {
  /** The agent's name: source of what is sent, target of what is received. */
  readonly name: string;
  send(message: BusMessage): Promise<void>;
  /** Takes errors that nobody awaits. */
  report(error: unknown): void;
}
