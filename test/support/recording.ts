import type { AgentBus, BusMessage, BusMessageClass, BusSubscriber } from "trunkline";

/** Sees everything on a bus and keeps it. */
export class Recording implements BusSubscriber {
  readonly name: string;
  readonly messages: BusMessage[] = [];

  constructor(name = "recording") {
    this.name = name;
  }

  static async of(bus: AgentBus, name?: string): Promise<Recording> {
    const recording = new Recording(name);
    await bus.subscribe(recording, { observe: true });
    return recording;
  }

  onBusMessage(message: BusMessage): void {
    this.messages.push(message);
  }

  all<M extends BusMessage>(messageClass: BusMessageClass<M>): M[] {
    return this.messages.filter((message): message is M => message instanceof messageClass);
  }
}
