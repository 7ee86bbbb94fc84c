import {
  type AgentBus,
  AgentRunner,
  type BaseAgent,
  BusFrameMessage,
  WebSocketProxyClientAgent,
  type WebSocketProxyClientAgentOptions,
} from "trunkline";
import { until } from "../support/settled.ts";

/** A client's runner with an agent `acme`, joined to the `assistant` of a server. */
export class JoinedRunner<A extends BaseAgent> implements AsyncDisposable {
  readonly runner = new AgentRunner({ handleSigint: false });
  readonly acme: A;
  readonly proxy: WebSocketProxyClientAgent;
  readonly #finished: Promise<void>;

  private constructor(url: string, build: (bus: AgentBus) => A, options: Partial<WebSocketProxyClientAgentOptions>) {
    const { bus } = this.runner;
    this.acme = build(bus);
    this.proxy = new WebSocketProxyClientAgent("proxy", {
      bus,
      url,
      localAgentName: "acme",
      remoteAgentName: "assistant",
      forwardMessages: [BusFrameMessage],
      ...options,
    });
    this.#finished = this.#run();
  }

  /** Resolves once the assistant is known here. */
  static async connected<A extends BaseAgent>(
    url: string,
    build: (bus: AgentBus) => A,
    options: Partial<WebSocketProxyClientAgentOptions> = {},
  ): Promise<JoinedRunner<A>> {
    const joined = new JoinedRunner(url, build, options);
    try {
      await until(() => joined.acme.ready && joined.proxy.ready, "the client being ready", 20_000);
      await joined.acme.activateAgent("proxy");
      await until(() => joined.runner.registry.has("assistant"), "the assistant being known", 20_000);
    } catch (error) {
      await joined[Symbol.asyncDispose]();
      throw error;
    }
    return joined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.runner.cancel("over");
    await this.#finished;
  }

  async #run(): Promise<void> {
    await this.runner.addAgent(this.acme);
    await this.runner.addAgent(this.proxy);
    await this.runner.run();
  }
}
