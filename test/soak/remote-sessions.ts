import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AgentServer, type AgentSession, serveAgents } from "trunkline/server";
import { assistantSession, RemoteClient } from "../proxy/remote-client.ts";
import { until } from "../support/settled.ts";
import { type Load, processCensus } from "./load.ts";
import { Traces } from "./traces.ts";

/**
 * Sessions over real sockets: a server that stays, clients that stay and connect again and again, and clients that are
 * built for one session.
 */
export class RemoteSessions implements Load {
  readonly beside = 4;
  readonly errors: unknown[] = [];
  readonly #http: Server = createServer();
  readonly #traces = new Traces();
  readonly #sessions = new Map<string, AgentSession>();
  #server: AgentServer | undefined;
  #clients: readonly RemoteClient[] = [];

  async begin(): Promise<void> {
    this.#http.listen(0, "127.0.0.1");
    await once(this.#http, "listening");
    const authenticate = ({ headers }: { readonly headers: NodeJS.Dict<string | string[]> }) => headers["x-client"];
    this.#server = await serveAgents({ server: this.#http, authenticate, link: { windowMs: 0 } }, (session) =>
      this.#setUp(session),
    );
    this.#server.on("error", ({ error }) => void this.errors.push(error));
    this.#clients = await Promise.all(Array.from({ length: this.beside }, (_, place) => this.#connect(String(place))));
    for (const client of this.#clients) await this.#over(client, () => client.leave());
  }

  async one(index: number): Promise<void> {
    const place = index % this.beside;
    const stays = this.#clients[place];
    if (stays === undefined || Math.floor(index / this.beside) % 4 === 3) {
      await using client = await this.#connect(`once-${place}`);
      await this.#exchange(client, index);
      // Its own end is the end of the session.
      return;
    }
    await stays.connect();
    await this.#exchange(stays, index);
    await this.#over(stays, async () => {
      if (index % 3 === 0) await stays.acme.deactivateAgent("proxy");
      else if (index % 3 === 1) stays.cut();
      else await this.#sessions.get(String(place))?.runner.end("that is all");
    });
  }

  census(): Record<string, unknown> {
    const { listeners } = processCensus();
    return {
      listeners,
      http: this.#http.eventNames().map((name) => [String(name), this.#http.listenerCount(name)].join()),
      sessions: this.#server?.sessionCount,
      clients: this.#clients.map(({ runner, acme, proxy }) => ({
        bus: runner.bus.subscriptions,
        registered: [...runner.registry.localAgents, ...runner.registry.remoteAgents],
        watched: runner.registry.watchedAgents,
        asked: [...acme.taskGroups.keys()],
        proxy: [proxy.state, proxy.active],
      })),
    };
  }

  alive(): Record<string, number> {
    return this.#traces.alive(this.beside + 2);
  }

  async end(): Promise<void> {
    for (const client of this.#clients) await client[Symbol.asyncDispose]();
    await this.#server?.close();
    this.#http.close();
    await once(this.#http, "close");
  }

  async #setUp(session: AgentSession): Promise<void> {
    const { runner, request, signal, principal } = session;
    this.#traces.see("session", session);
    this.#traces.see("runner", runner);
    this.#traces.see("bus", runner.bus);
    this.#traces.see("signal", signal);
    this.#traces.see("request", request);
    this.#traces.see("socket", request.socket);
    this.#sessions.set(String(principal), session);
    signal.addEventListener("abort", () => {
      if (this.#sessions.get(String(principal)) === session) this.#sessions.delete(String(principal));
    });
    await assistantSession(session);
  }

  async #connect(name: string): Promise<RemoteClient> {
    const client = await RemoteClient.connected(this.#server?.url ?? "", { headers: { "x-client": name } });
    this.#traces.see("client", client.runner);
    return client;
  }

  async #exchange(client: RemoteClient, index: number): Promise<void> {
    const doubled = await client.double(index);
    const echoed = await client.echo(`frame ${index}`);
    if (doubled !== index * 2 || echoed !== `frame ${index}`) this.errors.push(`${index}: ${doubled}, ${echoed}`);
  }

  /** Resolves once the client has seen the end of its session, and is ready for the next. */
  async #over(client: RemoteClient, end: () => Promise<void>): Promise<void> {
    await end();
    await until(() => client.disconnected.length === 1, "the session being over");
    client.disconnected.length = 0;
    client.interrupted.length = 0;
    this.errors.push(...client.errors.splice(0));
    await until(() => !client.proxy.active && !client.runner.registry.has("assistant"), "the client having seen it");
  }
}
