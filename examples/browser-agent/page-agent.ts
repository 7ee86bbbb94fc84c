import {
  type ActivationArgs,
  BaseAgent,
  type BaseAgentOptions,
  BusBridgeProcessor,
  Pipeline,
  type TaskRequest,
  TranscriptionFrame,
} from "trunkline";
import { createContextAggregators, LLMContext } from "trunkline/llm";
import { PageOutput } from "./page-output.ts";
import type { PageView } from "./page-view.ts";

export interface PageAgentOptions extends BaseAgentOptions {
  readonly view: PageView;
}

const welcome: ActivationArgs = {
  messages: [{ role: "developer", content: "Welcome the user and say in one sentence what you can do in the page." }],
  runLlm: true,
};
const welcomeBack: ActivationArgs = { messages: [], runLlm: false };

// As much of a page as a model needs of it.
const maxSelectionLength = 2_000;

/**
 * The agent in the page. The conversation is its own, and outlives the connection; the model is behind the bridge. Its
 * tasks are what agents elsewhere may ask of the page, and nothing else is.
 */
export class PageAgent extends BaseAgent {
  readonly #view: PageView;
  #welcomed = false;

  constructor(name: string, { view, ...options }: PageAgentOptions) {
    super(name, options);
    this.#view = view;
  }

  // What they are given comes over the network and is checked.
  override tasks = {
    paint: ({ payload }: TaskRequest<{ readonly colour?: unknown } | undefined>) => {
      const colour = payload?.colour;
      if (typeof colour !== "string" || !CSS.supports("color", colour)) throw new Error("that is no colour");
      this.#view.paint(colour);
      return { colour };
    },
    readSelection: () => ({ text: this.#view.selection.slice(0, maxSelectionLength) }),
  };

  override async onReady(): Promise<void> {
    await super.onReady();
    // It comes with each session, which outlives its connections.
    await this.watchAgent("assistant", () => this.#meet());
    await this.activateAgent("proxy");
  }

  override buildPipeline(): Pipeline {
    const { user, assistant } = createContextAggregators(new LLMContext());
    const bridge = new BusBridgeProcessor({ bus: this.bus, agentName: this.name });
    return new Pipeline([user, bridge, new PageOutput(this.#view), assistant]);
  }

  /** The user has said this. */
  async hear(text: string): Promise<void> {
    this.#view.userSaid(text);
    await this.queueFrame(
      new TranscriptionFrame({ text, userId: "user", timestamp: new Date().toISOString(), finalized: true }),
    );
  }

  async #meet(): Promise<void> {
    this.#view.status("connected");
    await this.activateAgent("assistant", { args: this.#welcomed ? welcomeBack : welcome });
    this.#welcomed = true;
  }
}
