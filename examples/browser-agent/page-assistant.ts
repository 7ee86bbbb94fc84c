import { BusFrameMessage } from "trunkline";
import { type LanguageModel, LLMAgent, type LLMAgentOptions, LLMService, tool } from "trunkline/llm";
import type { SessionSetup } from "trunkline/server";
import { z } from "zod";

const systemInstruction = [
  "You talk with somebody who looks at a web page, and you can change that page and read from it with your tools.",
  "Answer in one or two plain sentences, without markup.",
].join("\n");

// The page's agent answers at once; one that does not is in a tab that sleeps.
const pageTimeoutMs = 10_000;

export interface PageAssistantOptions extends LLMAgentOptions {
  readonly model: LanguageModel;
}

/** Answers on the server, and does its work in the page: each of its tools asks the agent that lives there. */
export class PageAssistant extends LLMAgent {
  readonly #model: LanguageModel;

  constructor(name: string, { model, ...options }: PageAssistantOptions) {
    super(name, options);
    this.#model = model;
  }

  override buildLLM(): LLMService {
    return new LLMService({ model: this.#model, systemInstruction });
  }

  override tools = {
    paintPage: tool({
      description: "Gives the page that the user looks at another background colour.",
      parameters: z.object({ colour: z.string().describe("A colour as CSS names it: green, #ff8800.") }),
      execute: ({ colour }, { signal }) =>
        this.task("page", { name: "paint", payload: { colour }, signal, timeoutMs: pageTimeoutMs }),
    }),
    readSelection: tool({
      description: "Reads the text that the user has selected in the page.",
      parameters: z.object({}),
      execute: (_, { signal }) => this.task("page", { name: "readSelection", signal, timeoutMs: pageTimeoutMs }),
    }),
  };
}

/** Gives each tab that connects an assistant of its own. */
export function pageAssistantSession(model: LanguageModel): SessionSetup {
  return async (session) => {
    const { runner } = session;
    const names = { agentName: "assistant", remoteAgentName: "page" };
    await runner.addAgent(session.proxy({ ...names, forwardMessages: [BusFrameMessage] }));
    await runner.addAgent(new PageAssistant("assistant", { bus: runner.bus, model }));
  };
}
