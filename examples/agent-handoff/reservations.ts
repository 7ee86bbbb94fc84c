import { Pipeline } from "trunkline";
import { FlowsAgent, type LanguageModel, LLMService } from "trunkline/llm";
import { NameTag } from "../support/name-tag.ts";
import type { RestaurantAgentOptions } from "./greeter.ts";
import { type Reservation, reservationFlow } from "./reservation-flow.ts";

/** Takes a reservation, step by step. What it knows is kept while the greeter has the conversation. */
export class Reservations extends FlowsAgent<Reservation> {
  override readonly flow = reservationFlow;
  readonly #model: LanguageModel;

  constructor(name: string, { model, ...options }: RestaurantAgentOptions) {
    super(name, options);
    this.#model = model;
  }

  override buildLLM(): LLMService {
    return new LLMService({ model: this.#model });
  }

  override buildPipeline(): Pipeline {
    return new Pipeline([this.createFlow(), new NameTag(this.name)]);
  }
}
