import { Pipeline, TaskError } from "trunkline";
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
import type { TerminalTransport } from "../support/terminal-transport.ts";
import { ProgressBar } from "./progress-bar.ts";
import type { RenderJob, RenderProgress } from "./renderer.ts";

export interface DirectorOptions extends LLMAgentOptions {
  readonly model: LanguageModel;
  readonly transport: TerminalTransport;
}

const systemInstruction = [
  "You have films rendered. When the user wants some frames, call startJob; it returns once the job is over.",
  "Say then in one plain sentence what came of it: all of it, or how much was done before it was cancelled.",
  "When the user says goodbye, call endConversation.",
].join("\n");

/** Understands what the user wants, and has another agent do the work. It has no bridge: its pipeline is whole. */
export class Director extends LLMAgent {
  readonly #model: LanguageModel;
  readonly #transport: TerminalTransport;

  constructor(name: string, { model, transport, ...options }: DirectorOptions) {
    super(name, { ...options, bridged: false, active: true });
    this.#model = model;
    this.#transport = transport;
  }

  override buildLLM(): LLMService {
    return new LLMService({ model: this.#model, systemInstruction });
  }

  override buildPipeline(): Pipeline {
    const transport = this.#transport;
    transport.on("clientDisconnected", () => this.end({ reason: "the user has left" }));
    const { user, assistant } = createContextAggregators(new LLMContext());
    return new Pipeline([transport.input(), user, this.createLLM(), transport.output(), assistant]);
  }

  override tools = {
    startJob: tool({
      description: "Have this many frames rendered.",
      parameters: z.object({ frames: z.int().min(1).max(10_000) }),
      execute: ({ frames }, { signal }) => this.#render({ frames }, signal),
    }),
    endConversation: tool({
      description: "End the conversation when the user says goodbye.",
      parameters: z.object({}),
      execute: () => this.end({ messages: [{ role: "developer", content: "Say goodbye to the user." }] }),
    }),
  };

  async #render(payload: RenderJob, signal: AbortSignal): Promise<unknown> {
    const job = this.task("renderer", { name: "render", payload, signal });
    const hint = this.#transport.interactive ? ", c cancels" : "";
    const bar = new ProgressBar({ output: process.stderr, hint });
    const releaseKeys = this.#transport.onKey((key) => key === "c" && job.cancel("the user has cancelled it"));
    let done = 0;
    for await (const { data } of job) {
      done = (data as RenderProgress).done;
      bar.show(done, payload.frames);
    }
    bar.end();
    releaseKeys();
    try {
      return await job;
    } catch (error) {
      if (!(error instanceof TaskError) || error.status !== "cancelled") throw error;
      console.error(`Cancelled after ${done} of ${payload.frames} frames.`);
      return { cancelled: true, done, of: payload.frames };
    }
  }
}
