import {
  type ActivationArgs,
  BaseAgent,
  type BaseAgentOptions,
  BusBridgeProcessor,
  Pipeline,
  type Transport,
} from "trunkline";
import { createContextAggregators, LLMContext } from "trunkline/llm";

export interface AcmeAgentOptions extends BaseAgentOptions {
  readonly transport: Transport;
}

const welcome: ActivationArgs = {
  messages: [
    {
      role: "developer",
      content: "Welcome the user to Acme, name the products there are and ask how you can help.",
    },
  ],
  runLlm: true,
};

/**
 * The side of the user: it has the transport and the conversation, and no language model. Where one would stand in its
 * pipeline there is a bridge, and whoever answers behind it may be anywhere.
 */
export class AcmeAgent extends BaseAgent {
  readonly #transport: Transport;

  constructor(name: string, { transport, ...options }: AcmeAgentOptions) {
    super(name, options);
    this.#transport = transport;
  }

  override async onReady(): Promise<void> {
    await super.onReady();
    await this.watchAgent("assistant", () => this.activateAgent("assistant", { args: welcome }));
  }

  override buildPipeline(): Pipeline {
    const transport = this.#transport;
    transport.on("clientConnected", () => this.activateAgent("proxy"));
    transport.on("clientDisconnected", () => this.end({ reason: "the user has left" }));
    const { user, assistant } = createContextAggregators(new LLMContext());
    const bridge = new BusBridgeProcessor({ bus: this.bus, agentName: this.name });
    return new Pipeline([transport.input(), user, bridge, transport.output(), assistant]);
  }
}
