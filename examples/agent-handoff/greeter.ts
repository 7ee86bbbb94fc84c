import { Pipeline } from "trunkline";
import { type LanguageModel, LLMAgent, type LLMAgentOptions, LLMService, tool } from "trunkline/llm";
import { z } from "zod";
import { NameTag } from "../support/name-tag.ts";

export interface RestaurantAgentOptions extends LLMAgentOptions {
  readonly model: LanguageModel;
}

const systemInstruction = [
  "You are the greeter of the restaurant Chez Acme, which is open every day from five to eleven in the evening.",
  "The dish of the day is onion soup. Your words are spoken: answer in one or two plain sentences.",
  "You take no reservations: when the user wants a table, or wants to go on with a reservation, call reserveTable.",
  "When the user says goodbye, call endConversation.",
].join("\n");

/** Welcomes the user and answers questions; whoever wants a table is handed to the agent for reservations. */
export class Greeter extends LLMAgent {
  readonly #model: LanguageModel;

  constructor(name: string, { model, ...options }: RestaurantAgentOptions) {
    super(name, options);
    this.#model = model;
  }

  override buildLLM(): LLMService {
    return new LLMService({ model: this.#model, systemInstruction });
  }

  // The model alone would do; the tag is there so that the terminal can show who speaks.
  override buildPipeline(): Pipeline {
    return new Pipeline([this.createLLM(), new NameTag(this.name)]);
  }

  override tools = {
    reserveTable: tool({
      description: "Hand the user to the colleague who takes reservations.",
      parameters: z.object({}),
      execute: () =>
        this.handoffTo("reservations", {
          messages: [{ role: "developer", content: "Tell the user that a colleague takes the reservation." }],
        }),
    }),
    endConversation: tool({
      description: "End the conversation when the user says goodbye.",
      parameters: z.object({}),
      execute: () => this.end({ messages: [{ role: "developer", content: "Say goodbye to the user." }] }),
    }),
  };
}
