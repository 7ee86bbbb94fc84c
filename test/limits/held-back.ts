import { AgentRunner, BaseAgent, type LinkOptions, type RejectedData, WebSocketProxyClientAgent } from "trunkline";
import { type AgentServer, serveAgents, type WebSocketProxyServerAgent } from "trunkline/server";
import { deferred } from "../../src/util/index.ts";
import { until } from "../support/settled.ts";
import { Blob, Slow, serializer } from "./peer.ts";

interface ServerEnd {
  readonly slow: Slow;
  readonly gateway: WebSocketProxyServerAgent;
}

export interface HeldBackOptions {
  readonly maxWaitingBytes?: number;
  readonly link?: LinkOptions;
}

const names = { agentName: "slow", remoteAgentName: "acme" };

/** A client and, behind a server, an agent that has taken one message and takes no other until it is released. */
export class HeldBack implements AsyncDisposable {
  /** What the server's proxy has refused. */
  readonly refused: RejectedData[] = [];
  readonly slow: Slow;
  readonly gateway: WebSocketProxyServerAgent;
  readonly #server: AgentServer;
  readonly #client = new AgentRunner({ handleSigint: false });
  readonly #run: Promise<void>;

  private constructor(server: AgentServer, { slow, gateway }: ServerEnd, client: AgentRunner, run: Promise<void>) {
    this.#server = server;
    this.slow = slow;
    this.gateway = gateway;
    this.#client = client;
    this.#run = run;
    gateway.on("rejected", (rejection) => void this.refused.push(rejection));
  }

  static async joined({ maxWaitingBytes, link }: HeldBackOptions): Promise<HeldBack> {
    const joined = deferred<ServerEnd>();
    const server = await serveAgents({ link }, async ({ runner, proxy }) => {
      const slow = new Slow("slow", { bus: runner.bus });
      slow.hold = true;
      const gateway = proxy({ ...names, serializer, maxWaitingBytes });
      await runner.addAgent(gateway);
      await runner.addAgent(slow);
      joined.resolve({ slow, gateway });
    });
    const client = new AgentRunner({ handleSigint: false });
    const { bus } = client;
    const acme = new BaseAgent("acme", { bus });
    const proxy = new WebSocketProxyClientAgent("proxy", {
      bus,
      url: server.url,
      localAgentName: "acme",
      remoteAgentName: "slow",
      serializer,
    });
    const connected = deferred();
    proxy.on("connected", () => connected.resolve());
    acme.on("ready", () => acme.activateAgent("proxy"));
    await client.addAgent(acme);
    await client.addAgent(proxy);
    const run = client.run();
    await connected.promise;
    return new HeldBack(server, await joined.promise, client, run);
  }

  /** The client says so many messages of so many characters, and does not wait. */
  say(count: number, length = 0): void {
    const data = "x".repeat(length);
    for (let n = 0; n < count; n++) {
      this.#client.bus.send(new Blob({ source: "acme", target: "slow", data })).catch(() => {});
    }
  }

  /** How many frames the server has read. */
  get framesIn(): number {
    return this.gateway.counters?.link.framesIn ?? 0;
  }

  get bytesIn(): number {
    return this.gateway.counters?.link.bytesIn ?? 0;
  }

  get taken(): number {
    return this.slow.heard.filter((message) => message instanceof Blob).length;
  }

  /** Resolves once the server has read so much and then nothing for a while, though there is more to read. */
  async stoppedAfter(reached: () => boolean): Promise<void> {
    await until(reached, "so much being read", 12_000);
    let before = this.framesIn;
    let since = performance.now();
    await until(() => {
      if (this.framesIn !== before) since = performance.now();
      before = this.framesIn;
      return performance.now() - since > 400;
    }, "nothing more coming");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.slow.release();
    await this.#client.cancel();
    await this.#run;
    await this.#server.close({ graceMs: 200 });
  }
}
