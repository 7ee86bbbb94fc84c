import { type AgentBus, BusFrameMessage, type BusMessage, type BusSubscriber } from "../bus/index.ts";
import { EndFrame, type Frame, type FrameClass, type FrameDirection, StartFrame, StopFrame } from "../frames/index.ts";
import { FrameProcessor, type ProcessorPlace } from "../pipeline/index.ts";
import { asGuest, mayCross } from "./crossing.ts";

/** Which bus a bridge joins, and whose frames it exchanges. */
export interface BusBridgeProcessorOptions {
  readonly bus: AgentBus;
  /** Name of the agent whose pipeline this is part of: the source of what it sends. */
  readonly agentName: string;
  /** Name of this bridge. Frames carry it, and only frames that carry it enter. Default: an unnamed bridge, which takes all. */
  readonly bridge?: string | undefined;
  /** The one agent to exchange frames with. Default: everyone on the bus. */
  readonly targetAgent?: string | undefined;
  /** Frames that pass by and never cross, beside start, end, stop and cancel. Default: none. */
  readonly excludeFrames?: readonly FrameClass[] | undefined;
}

/**
 * The place in a pipeline where frames leave for the bus and others come in. To the processors around it, the agents
 * behind the bus are one more processor.
 *
 * 1. What reaches the bridge goes to the bus and no further, in whichever direction it travels.
 * 2. What comes from the bus goes on from here in its own direction and is not sent there again.
 * 3. Before the end passes, everything the bus has already handed over has entered.
 * 4. What comes from the bus overtakes nothing that waits here to pass by; only system frames do. It need not wait for
 *    what is on its way out: nobody gets to see both.
 */
export class BusBridgeProcessor extends FrameProcessor {
  readonly #options: BusBridgeProcessorOptions;
  readonly #excludeFrames: readonly FrameClass[];
  readonly #subscriber: BusSubscriber;
  #place: ProcessorPlace | undefined;
  #subscribed: Promise<void> | undefined;

  constructor(options: BusBridgeProcessorOptions) {
    const { agentName, bridge, targetAgent } = options;
    super({ name: [agentName, "bridge", bridge, targetAgent].filter((part) => part !== undefined).join("/") });
    this.#options = options;
    this.#excludeFrames = options.excludeFrames ?? [];
    this.#subscriber = { name: this.name, onBusMessage: (message) => this.#enter(message) };
  }

  /** Begins to receive as soon as the pipeline is built; what comes before the start waits for it. */
  override attach(place: ProcessorPlace): void {
    super.attach(place);
    this.#place = place;
    this.#subscribed = this.#options.bus.subscribe(this.#subscriber, {
      address: this.#options.agentName,
      accept: (message) => this.#accepts(message),
      whenFull: "wait",
    });
    this.#subscribed.catch(() => {});
  }

  override async process(frame: Frame, direction: FrameDirection): Promise<void> {
    if (mayCross(frame, this.#excludeFrames)) {
      const { bus, agentName, targetAgent, bridge } = this.#options;
      await bus.send(new BusFrameMessage({ source: agentName, target: targetAgent, frame, direction, bridge }));
      return;
    }
    if (frame instanceof StartFrame) await this.#subscribed;
    if (frame instanceof EndFrame || frame instanceof StopFrame) await this.#options.bus.idle(this.#subscriber);
    await this.push(frame, direction);
  }

  override cleanup(): Promise<void> {
    return this.#options.bus.unsubscribe(this.#subscriber);
  }

  #accepts(message: BusMessage): boolean {
    if (!(message instanceof BusFrameMessage) || !mayCross(message.frame, [])) return false;
    const { agentName, bridge, targetAgent } = this.#options;
    if (message.source === agentName) return false;
    if (bridge !== undefined && message.bridge !== bridge) return false;
    return targetAgent === undefined || message.source === targetAgent;
  }

  #enter(message: BusMessage): Promise<void> | undefined {
    const { frame, direction } = message as BusFrameMessage;
    return this.#place?.pass(asGuest(frame), direction, (waiting) => !mayCross(waiting, this.#excludeFrames));
  }
}
