import { done } from "../util/index.ts";
import { AgentBus } from "./agent-bus.ts";
import type { BusMessage } from "./message.ts";

/** A bus for the agents of one process. */
export class LocalBus extends AgentBus {
  override readonly shared: boolean = false;

  protected override publish(message: BusMessage): Promise<void> {
    return this.route(message) ?? done;
  }
}
