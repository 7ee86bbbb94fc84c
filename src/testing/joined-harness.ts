import type { BaseAgent } from "../agents/index.ts";
import type { AgentBus } from "../bus/index.ts";
import type { ProxyDial } from "../proxy/index.ts";
import { endingOnce, failuresOf, throwAll } from "./ending.ts";
import type { MemorySocket } from "./memory-socket.ts";
import { type HarnessOptions, harness, type SessionHarness } from "./session-harness.ts";
import { type SocketPair, type SocketPairOptions, socketPair } from "./socket-pair.ts";

type SideOptions = Omit<HarnessOptions<readonly BaseAgent[]>, "agents" | "bus">;

/** What the two sides of a joined harness run. */
export interface JoinedHarnessOptions<Client extends readonly BaseAgent[], Server extends readonly BaseAgent[]>
  extends SideOptions,
    Pick<SocketPairOptions, "delayTurns"> {
  /** Builds the client's agents, its proxy among them; `dial` is for that proxy. */
  readonly client: (bus: AgentBus, dial: ProxyDial) => Client | Promise<Client>;
  /** Builds the server's agents, its proxy among them; `websocket` is for that proxy. */
  readonly server: (bus: AgentBus, websocket: MemorySocket) => Server | Promise<Server>;
}

/** Two harnesses on two buses, and the connection between their proxies. */
export interface JoinedHarness<Client extends readonly BaseAgent[], Server extends readonly BaseAgent[]>
  extends AsyncDisposable {
  readonly client: SessionHarness<Client>;
  readonly server: SessionHarness<Server>;
  readonly sockets: SocketPair;
  /**
   * Ends the client's side, then the server's, and looks at what is left on both.
   * @throws TrunklineError `TL_TEST_FAILED` with what is wrong; an `AggregateError` when both sides fail
   */
  end(): Promise<void>;
}

/**
 * Runs agents on two buses that proxies join over a connection in memory. There is one connection, over which sessions
 * cannot be resumed: a client that comes back finds it closed. Where they are to be resumed, see {@link servedHarness}.
 * @throws as {@link harness}; nothing is left running then
 */
export async function joinedHarness<
  const Client extends readonly BaseAgent[],
  const Server extends readonly BaseAgent[],
>(options: JoinedHarnessOptions<Client, Server>): Promise<JoinedHarness<Client, Server>> {
  const { client: buildClient, server: buildServer, name, delayTurns, ...shared } = options;
  const sockets = socketPair({ delayTurns });
  const named = (side: string) => (name === undefined ? {} : { name: `${name}/${side}` });
  // Timers belong to the process: the side that begins first and ends last watches those of both.
  const server = await harness({
    ...shared,
    ...named("server"),
    agents: (bus) => buildServer(bus, sockets.server),
  });
  let client: SessionHarness<Client>;
  try {
    const agents = (bus: AgentBus) => buildClient(bus, () => sockets.client);
    client = await harness({ ...shared, ...named("client"), agents, checkTimers: false });
  } catch (error) {
    sockets.cut();
    await Promise.allSettled([server.end()]);
    throw error;
  }
  const ending = endingOnce(async () => {
    const [clientEnd] = await Promise.allSettled([client.end()]);
    // The client is gone, also one that never connected: nobody would answer the server's goodbye.
    sockets.cut();
    const [serverEnd] = await Promise.allSettled([server.end()]);
    throwAll(failuresOf([clientEnd, serverEnd]));
  });
  return { client, server, sockets, ...ending };
}
