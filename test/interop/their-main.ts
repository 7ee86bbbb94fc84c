import {
  BusFrameMessage,
  JSONMessageSerializer,
  type RejectedData,
  type TrunklineError,
  type WireDialect,
} from "trunkline";
import { LLMAgent, type LLMAgentOptions, LLMService, tool } from "trunkline/llm";
import { type AgentServer, serveAgents } from "trunkline/server";
import { ScriptedModel } from "trunkline/testing";
import { z } from "zod";
import {
  type Answer,
  acmeName,
  asScripted,
  assistantName,
  type Example,
  type ExampleOptions,
  type Heard,
  type Stage,
  type ToolRun,
  welcome,
} from "./example.ts";
import { PythonProgram } from "./python-program.ts";

interface AssistantOptions extends LLMAgentOptions {
  readonly model: ScriptedModel;
}

/** The same assistant as theirs, with the same tools. */
class Assistant extends LLMAgent {
  readonly activations: unknown[] = [];
  readonly toolRuns: ToolRun[] = [];
  readonly #model: ScriptedModel;

  constructor({ model, ...options }: AssistantOptions) {
    super(assistantName, options);
    this.#model = model;
  }

  override async onActivated(args: Readonly<Record<string, unknown>> | undefined): Promise<void> {
    this.activations.push(args);
    await super.onActivated(args);
  }

  override buildLLM(): LLMService {
    return new LLMService({ model: this.#model, systemInstruction: "You sell Acme's products." });
  }

  override tools = {
    look_up_price: tool({
      description: "Look up what a product costs.",
      parameters: z.object({ product: z.string() }),
      execute: ({ product }) => {
        this.toolRuns.push({ name: "look_up_price", arguments: { product } });
        return { product, price: 299 };
      },
    }),
    end_conversation: tool({
      description: "End the conversation when the user says goodbye.",
      parameters: z.object({ reason: z.string() }),
      execute: async ({ reason }) => {
        this.toolRuns.push({ name: "end_conversation", arguments: { reason } });
        await this.end({ reason, messages: [{ role: "developer", content: "Say goodbye." }] });
      },
    }),
  };
}

interface Session {
  readonly assistant: Assistant;
  readonly rejected: readonly RejectedData[];
  readonly ends: readonly unknown[];
}

interface NextSession {
  readonly model: ScriptedModel;
  readonly serializer: JSONMessageSerializer;
  began(session: Session): void;
}

/** Their main program and our assistant's server. */
export class TheirMainStage implements Stage {
  readonly #dialect: WireDialect;
  readonly #main: PythonProgram;
  readonly #errors: TrunklineError[] = [];
  readonly #server: Promise<AgentServer>;
  /** What the session that comes next is made of. */
  #next: NextSession | undefined;

  constructor(dialect: WireDialect) {
    this.#dialect = dialect;
    this.#main = new PythonProgram(dialect, "main.py");
    this.#server = this.#serve();
  }

  async begin(answers: readonly Answer[], { relayTypes }: ExampleOptions = {}): Promise<Example> {
    const model = new ScriptedModel(answers.map(asScripted));
    const before = { events: this.#main.events.length, errors: this.#errors.length };
    const began = new Promise<Session>((resolve) => {
      const serializer = new JSONMessageSerializer({ dialect: this.#dialect, relayTypes });
      this.#next = { model, serializer, began: resolve };
    });
    const { url } = await this.#server;
    await this.#main.do("connect", { url, messages: welcome.messages, run_llm: welcome.runLlm });
    const session = await began;
    return new TheirMain(this.#main, model, session, () => this.#errors.slice(before.errors), before.events);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const server = await this.#server;
    await server.close();
    await this.#main[Symbol.asyncDispose]();
  }

  async #serve(): Promise<AgentServer> {
    const server = await serveAgents({ port: 0 }, async (session) => {
      const next = this.#next;
      if (next === undefined) throw new Error("Nobody was expected.");
      const proxy = session.proxy({
        agentName: assistantName,
        remoteAgentName: acmeName,
        forwardMessages: [BusFrameMessage],
        serializer: next.serializer,
      });
      const rejected: RejectedData[] = [];
      const ends: unknown[] = [];
      proxy.on("rejected", (data) => void rejected.push(data));
      proxy.on("clientDisconnected", (data) => void ends.push(data));
      await session.runner.addAgent(proxy);
      const assistant = new Assistant({ bus: session.runner.bus, model: next.model });
      await session.runner.addAgent(assistant);
      next.began({ assistant, rejected, ends });
    });
    server.on("error", ({ error }) => void this.#errors.push(error));
    return server;
  }
}

class TheirMain implements Example {
  readonly #main: PythonProgram;
  readonly #model: ScriptedModel;
  readonly #session: Session;
  readonly #errors: () => readonly Error[];
  /** How many events there were before this conversation. */
  readonly #before: number;

  constructor(
    main: PythonProgram,
    model: ScriptedModel,
    session: Session,
    errors: () => readonly Error[],
    before: number,
  ) {
    this.#main = main;
    this.#model = model;
    this.#session = session;
    this.#errors = errors;
    this.#before = before;
  }

  async say(text: string): Promise<void> {
    const before = this.heard.length;
    await this.#main.do("beginTurn");
    // Somebody who speaks takes longer than an interruption to the assistant and back; if there still is one.
    const interrupted = () => this.heard.slice(before).some(({ type }) => type === "InterruptionFrame");
    await this.#main.until(() => interrupted() || this.theirEnds > 0, "its interruption back");
    await this.#main.do("endTurn", { text });
  }

  async interrupt(): Promise<void> {
    await this.#main.do("interrupt");
  }

  get heard(): readonly Heard[] {
    return this.#events("heard").map(({ frame }) => frame as Heard);
  }

  conversation(): Promise<readonly unknown[]> {
    return this.#main.do("conversation");
  }

  get activations(): readonly unknown[] {
    return this.#session.assistant.activations;
  }

  get toolRuns(): readonly ToolRun[] {
    return this.#session.assistant.toolRuns;
  }

  get asked(): number {
    return this.#model.requests.length;
  }

  get brokenOff(): number {
    return this.#model.cancelled;
  }

  get rejected(): readonly RejectedData[] {
    return this.#session.rejected;
  }

  get ends(): number {
    return this.#session.ends.length;
  }

  get theirEnds(): number {
    return this.#events("disconnected").length;
  }

  get errors(): readonly Error[] {
    return this.#errors();
  }

  get said(): string {
    return this.#main.said;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#main.do("end");
    await this.#main.event("sessionEnded", () => true, this.#before);
  }

  #events(name: string) {
    return this.#main.events.slice(this.#before).filter(({ event }) => event === name);
  }
}
