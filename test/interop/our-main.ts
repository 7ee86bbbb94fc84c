import {
  AgentRunner,
  BaseAgent,
  type BaseAgentOptions,
  BusBridgeProcessor,
  BusFrameMessage,
  InterruptionFrame,
  JSONMessageSerializer,
  Pipeline,
  type RejectedData,
  TextFrame,
  TranscriptionFrame,
  type TrunklineError,
  WebSocketProxyClientAgent,
  type WireDialect,
} from "trunkline";
import { createContextAggregators, LLMContext } from "trunkline/llm";
import { FrameCollector } from "trunkline/testing";
import { type OpenAIServer, startOpenAIServer } from "../llm/openai-server.ts";
import {
  type Answer,
  acmeName,
  asServed,
  assistantName,
  type Example,
  type ExampleOptions,
  type Heard,
  type Stage,
  type ToolRun,
  welcome,
} from "./example.ts";
import { PythonProgram } from "./python-program.ts";

/** The side of the user: a conversation, a bridge where the model would stand, and a collector where the output would. */
class Acme extends BaseAgent {
  readonly context = new LLMContext();
  readonly output = new FrameCollector();

  constructor(options: BaseAgentOptions) {
    super(acmeName, options);
  }

  override async onReady(): Promise<void> {
    await super.onReady();
    await this.watchAgent("proxy", () => this.activateAgent("proxy"));
    await this.watchAgent(assistantName, () => this.activateAgent(assistantName, { args: welcome }));
  }

  override buildPipeline(): Pipeline {
    const { user, assistant } = createContextAggregators(this.context);
    const bridge = new BusBridgeProcessor({ bus: this.bus, agentName: this.name });
    return new Pipeline([user, bridge, this.output, assistant]);
  }
}

/** Our main program and their assistant's server, whose model is asked over HTTP. */
export class OurMainStage implements Stage {
  readonly #dialect: WireDialect;
  readonly #assistant: PythonProgram;

  constructor(dialect: WireDialect) {
    this.#dialect = dialect;
    this.#assistant = new PythonProgram(dialect, "assistant.py");
  }

  async begin(answers: readonly Answer[], { relayTypes }: ExampleOptions = {}): Promise<Example> {
    const { url } = await this.#assistant.event("listening");
    const left = [...answers];
    const model = await startOpenAIServer(() => {
      const answer = left.shift();
      return answer === undefined ? { status: 500 } : asServed(answer);
    });
    const example = new OurMain(this.#assistant, model);
    const serializer = new JSONMessageSerializer({ dialect: this.#dialect, relayTypes });
    await example.start(`${url}?model=${encodeURIComponent(model.url)}`, serializer);
    return example;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#assistant[Symbol.asyncDispose]();
  }
}

class OurMain implements Example {
  readonly rejected: RejectedData[] = [];
  readonly errors: TrunklineError[] = [];
  ends = 0;
  brokenOff = 0;
  readonly #assistant: PythonProgram;
  readonly #model: OpenAIServer;
  readonly #runner = new AgentRunner({ handleSigint: false });
  readonly #acme = new Acme({ bus: this.#runner.bus });
  /** How many events there were before this conversation. */
  readonly #before: number;
  #finished: Promise<void> | undefined;

  constructor(assistant: PythonProgram, model: OpenAIServer) {
    this.#assistant = assistant;
    this.#model = model;
    this.#before = assistant.events.length;
    void model.hungUp.then(() => {
      this.brokenOff = 1;
    });
  }

  async start(url: string, serializer: JSONMessageSerializer): Promise<void> {
    this.#runner.on("error", (error) => void this.errors.push(error));
    const proxy = new WebSocketProxyClientAgent("proxy", {
      bus: this.#runner.bus,
      url,
      localAgentName: acmeName,
      remoteAgentName: assistantName,
      forwardMessages: [BusFrameMessage],
      serializer,
    });
    proxy.on("rejected", (data) => void this.rejected.push(data));
    proxy.on("disconnected", async () => {
      this.ends += 1;
      await this.#runner.end("the assistant has left");
    });
    await this.#runner.addAgent(this.#acme);
    await this.#runner.addAgent(proxy);
    this.#finished = this.#runner.run();
  }

  say(text: string): Promise<void> {
    return this.#acme.queueFrame(
      new TranscriptionFrame({ text, userId: "user", timestamp: new Date(0).toISOString(), finalized: true }),
    );
  }

  interrupt(): Promise<void> {
    return this.#acme.queueFrame(new InterruptionFrame());
  }

  get heard(): readonly Heard[] {
    return this.#acme.output.passed
      .filter(({ direction }) => direction === "downstream")
      .map(({ frame }) => ({
        type: frame.constructor.name,
        text: frame instanceof TextFrame ? frame.text : undefined,
      }));
  }

  async conversation(): Promise<readonly unknown[]> {
    return this.#acme.context.messages;
  }

  get activations(): readonly unknown[] {
    return this.#events("activated").map(({ args }) => args);
  }

  get toolRuns(): readonly ToolRun[] {
    return this.#events("toolCalled").map(({ name, arguments: args }) => ({ name: String(name), arguments: args }));
  }

  get asked(): number {
    return this.#model.requests.length;
  }

  get theirEnds(): number {
    return this.#events("sessionEnded").length;
  }

  get said(): string {
    return this.#assistant.said;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#runner.cancel("test over");
    await this.#finished;
    await this.#assistant.event("sessionEnded", () => true, this.#before);
    await this.#model.close();
  }

  #events(name: string) {
    return this.#assistant.events.slice(this.#before).filter(({ event }) => event === name);
  }
}
