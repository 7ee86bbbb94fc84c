import type { LanguageModel } from "trunkline/llm";
import { LLMAgent, type LLMAgentOptions, LLMService, tool } from "trunkline/llm";
import { z } from "zod";
import { offlineModel } from "../support/offline-model.ts";

const products = [
  "Rocket Boots, $299: jet-powered footwear for up to 60 mph.",
  "Invisible Paint, $49 a can: what it covers cannot be seen for 24 hours.",
  "Tornado Kit, $199: a small tornado in a box, batteries included.",
];

const systemInstruction = [
  "You are the assistant of Acme Corporation and answer questions about its products:",
  ...products.map((product) => `- ${product}`),
  "Answer in one or two plain sentences, as in a conversation that is spoken. You know nothing about other products.",
  "When the user says goodbye, call endConversation.",
].join("\n");

export interface AcmeAssistantOptions extends LLMAgentOptions {
  readonly model: LanguageModel;
}

/** Answers questions about Acme's three products, and ends the conversation when the user says goodbye. */
export class AcmeAssistant extends LLMAgent {
  readonly #model: LanguageModel;

  constructor(name: string, { model, ...options }: AcmeAssistantOptions) {
    super(name, options);
    this.#model = model;
  }

  override buildLLM(): LLMService {
    return new LLMService({ model: this.#model, systemInstruction });
  }

  override tools = {
    endConversation: tool({
      description: "End the conversation when the user says goodbye.",
      parameters: z.object({ reason: z.string().describe("Why the conversation ends.") }),
      execute: async ({ reason }) => {
        await this.end({ reason, messages: [{ role: "developer", content: `Say goodbye to the user: ${reason}` }] });
      },
    }),
  };
}

/** The assistant's model where there is no real one. */
export function offlineAcmeModel(): LanguageModel {
  return offlineModel({
    rules: [
      { when: /^say goodbye/i, say: ["Thank you for visiting Acme. Goodbye!"] },
      {
        when: /^welcome the user/i,
        say: ["Welcome to Acme! We have Rocket Boots, Invisible Paint and the Tornado Kit. How can I help you?"],
      },
      {
        when: /\b(good ?bye|bye|see you|that is all|that's all)\b/i,
        call: { tool: "endConversation", args: { reason: "the user said goodbye" } },
        say: ["Goodbye!"],
      },
      { when: /boot|rocket|shoe/i, say: ["The Rocket Boots cost $299 and take you up to 60 mph."] },
      {
        when: /paint|invisible/i,
        say: ["Invisible Paint costs $49 a can, and what it covers stays unseen for 24 hours."],
      },
      { when: /tornado|kit|batter/i, say: ["The Tornado Kit costs $199, batteries included."] },
      {
        when: /product|sell|have|offer|price|cost|how much/i,
        say: ["We have Rocket Boots for $299, Invisible Paint for $49 a can, and the Tornado Kit for $199."],
      },
      { when: /\b(hi|hello|hey)\b/i, say: ["Hello! Ask me about boots, paint or tornadoes."] },
      { when: /thank/i, say: ["You are welcome. Is there anything else?"] },
    ],
    otherwise:
      "I am only the offline model and know Acme's three products: Rocket Boots, Invisible Paint and the Tornado Kit.",
  });
}
