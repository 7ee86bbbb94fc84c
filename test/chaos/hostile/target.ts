import { BusFrameMessage } from "trunkline";
import { type AgentServer, type AgentSession, type ServeAgentsOptions, serveAgents } from "trunkline/server";
import { Assistant, RemoteClient } from "../../proxy/remote-client.ts";
import { until } from "../../support/settled.ts";
import { BusGuard } from "./bus-guard.ts";

const patienceMs = 10_000;

/** A server to be attacked, and a client of it that means well. */
export class Target implements AsyncDisposable {
  readonly server: AgentServer;
  readonly #good: RemoteClient;
  readonly #guards: readonly BusGuard[];

  private constructor(server: AgentServer, good: RemoteClient, guards: readonly BusGuard[]) {
    this.server = server;
    this.#good = good;
    this.#guards = guards;
  }

  static async started(onProblem: (line: string) => void, options: ServeAgentsOptions = {}): Promise<Target> {
    const guards: BusGuard[] = [];
    const setup = async ({ runner, proxy }: AgentSession): Promise<void> => {
      const guard = new BusGuard(runner.name, onProblem);
      guards.push(guard);
      await guard.watch(runner.bus);
      const { serializer } = guard;
      const forwardMessages = [BusFrameMessage];
      await runner.addAgent(proxy({ agentName: "assistant", remoteAgentName: "acme", forwardMessages, serializer }));
      await runner.addAgent(new Assistant("assistant", { bus: runner.bus, bridged: true, active: true }));
    };
    const server = await serveAgents(options, setup);
    server.on("error", ({ error }) => onProblem(`The server reported: ${error}`));
    try {
      return new Target(server, await RemoteClient.connected(server.url), guards);
    } catch (error) {
      await server.close({ graceMs: 0 });
      throw error;
    }
  }

  get port(): number {
    return this.server.port;
  }

  /** How many messages came in, over all sessions. */
  get letIn(): number {
    return this.#guards.reduce((sum, { seen }) => sum + seen, 0);
  }

  /** Who is there already goes on being served. */
  async servesOthers(): Promise<void> {
    if ((await this.#good.double(21)) !== 42) throw new Error("The good client got a wrong answer.");
  }

  /** Whoever comes now is let in and served, too. */
  async servesNewcomers(): Promise<void> {
    await using newcomer = await RemoteClient.connected(this.server.url);
    if ((await newcomer.double(4)) !== 8) throw new Error("A newcomer got a wrong answer.");
  }

  /** The attacker is gone, and so is everything that was built for it. */
  async isRidOfAttackers(): Promise<void> {
    await until(() => this.server.sessionCount === 1, "only the good session being left", patienceMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#good[Symbol.asyncDispose]();
    await this.server.close({ graceMs: 1_000 });
  }
}
