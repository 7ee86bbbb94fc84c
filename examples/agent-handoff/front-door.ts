import { BaseAgent, type BaseAgentOptions, BusBridgeProcessor, Pipeline, type Transport } from "trunkline";
import { createContextAggregators, LLMContext } from "trunkline/llm";

export interface FrontDoorOptions extends BaseAgentOptions {
  readonly transport: Transport;
}

/**
 * The side of the user: it has the transport and the one conversation that all agents share. Where a language model
 * would stand there is a bridge; whichever agent is active behind it answers.
 */
export class FrontDoor extends BaseAgent {
  readonly #transport: Transport;

  constructor(name: string, { transport, ...options }: FrontDoorOptions) {
    super(name, options);
    this.#transport = transport;
  }

  override buildPipeline(): Pipeline {
    const transport = this.#transport;
    const welcome = { messages: [{ role: "developer", content: "Welcome the user and ask what you can do." }] };
    transport.on("clientConnected", () => this.activateAgent("greeter", { args: welcome }));
    transport.on("clientDisconnected", () => this.end({ reason: "the user has left" }));
    const { user, assistant } = createContextAggregators(new LLMContext());
    const bridge = new BusBridgeProcessor({ bus: this.bus, agentName: this.name });
    return new Pipeline([transport.input(), user, bridge, transport.output(), assistant]);
  }
}
