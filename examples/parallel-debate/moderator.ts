import { Pipeline, TaskGroupError } from "trunkline";
import {
  createContextAggregators,
  type LanguageModel,
  LLMAgent,
  type LLMAgentOptions,
  LLMContext,
  LLMService,
  tool,
} from "trunkline/llm";
import { z } from "zod";
import { NameTag } from "../support/name-tag.ts";
import type { TerminalTransport } from "../support/terminal-transport.ts";
import type { Question } from "./debater.ts";
import { Sentences } from "./sentences.ts";

export interface ModeratorOptions extends LLMAgentOptions {
  readonly model: LanguageModel;
  readonly transport: TerminalTransport;
  /** Names of the agents that debate. */
  readonly debaters: readonly string[];
}

const systemInstruction = [
  "You are the moderator of a debate. Whatever question the user asks, call debate with it, word for word.",
  "The user hears every word of the debaters. Then sum up what they said in two plain sentences, and take no side.",
  "When the user says goodbye, call endConversation.",
].join("\n");

/** Asks all debaters at once, lets the user hear them while they speak, and sums up. */
export class Moderator extends LLMAgent {
  readonly #options: Omit<ModeratorOptions, keyof LLMAgentOptions>;

  constructor(name: string, { model, transport, debaters, ...options }: ModeratorOptions) {
    super(name, { ...options, bridged: false, active: true });
    this.#options = { model, transport, debaters };
  }

  override buildLLM(): LLMService {
    return new LLMService({ model: this.#options.model, systemInstruction });
  }

  override buildPipeline(): Pipeline {
    const { transport } = this.#options;
    transport.on("clientDisconnected", () => this.end({ reason: "the user has left" }));
    const { user, assistant } = createContextAggregators(new LLMContext());
    const name = new NameTag(this.name);
    return new Pipeline([transport.input(), user, this.createLLM(), name, transport.output(), assistant]);
  }

  override tools = {
    debate: tool({
      description: "Let the debaters discuss a question.",
      parameters: z.object({ question: z.string() }),
      execute: ({ question }, { signal }) => this.#debate({ question }, signal),
    }),
    endConversation: tool({
      description: "End the conversation when the user says goodbye.",
      parameters: z.object({}),
      execute: () => this.end({ messages: [{ role: "developer", content: "Say goodbye to the user." }] }),
    }),
  };

  /** What each of them has said, by name. */
  async #debate(payload: Question, signal: AbortSignal): Promise<Readonly<Record<string, unknown>>> {
    const { debaters, transport } = this.#options;
    // One who fails does not silence the others.
    const group = this.taskGroup(debaters, { name: "argue", payload, signal, cancelOnError: false });
    const speechOf = (name: string) => new Sentences((sentence) => transport.tell(name, sentence));
    const speeches = new Map(debaters.map((name) => [name, speechOf(name)]));
    for await (const { agentName, type, data } of group) {
      const speech = speeches.get(agentName);
      if (type === "streamData") speech?.add(String(data));
      if (type === "streamEnd") speech?.end();
    }
    try {
      return await group;
    } catch (error) {
      if (!(error instanceof TaskGroupError)) throw error;
      if (Object.values(error.errors).some(({ status }) => status === "cancelled")) {
        console.error("The debate was broken off.");
      }
      return { ...error.responses, absent: Object.keys(error.errors) };
    }
  }
}
