import type { BaseAgent } from "../agents/index.ts";
import type { AgentBus } from "../bus/index.ts";
import type { LinkOptions, ProxyDial } from "../proxy/index.ts";
import { Arrivals, type WaitOptions } from "./arrivals.ts";
import { endingOnce, failuresOf, throwAll } from "./ending.ts";
import { MemoryServer } from "./memory-server.ts";
import { type HarnessOptions, harness, type SessionHarness } from "./session-harness.ts";
import type { SocketPair, SocketPairOptions } from "./socket-pair.ts";
import { testFailure } from "./test-failure.ts";
import { TimerWatch } from "./timer-watch.ts";

type SideOptions = Omit<HarnessOptions<readonly BaseAgent[]>, "agents" | "bus">;

/** What a client and each of its sessions run. */
export interface ServedHarnessOptions<Client extends readonly BaseAgent[], Server extends readonly BaseAgent[]>
  extends SideOptions,
    Pick<SocketPairOptions, "delayTurns"> {
  /** Builds the client's agents, its proxy among them; `dial` is for that proxy. */
  readonly client: (bus: AgentBus, dial: ProxyDial) => Client | Promise<Client>;
  /** Builds the agents of one session, its proxy among them; `websocket` is for that proxy. */
  readonly server: (bus: AgentBus, websocket: unknown) => Server | Promise<Server>;
  /** What sessions are granted, as with `serveAgents`. The server's proxy is to be given the same. */
  readonly link?: LinkOptions | undefined;
}

/** A client, the sessions that it has at a server in memory, and the connections between them. */
export interface ServedHarness<Client extends readonly BaseAgent[], Server extends readonly BaseAgent[]>
  extends AsyncDisposable {
  readonly client: SessionHarness<Client>;
  /** The sessions whose agents are ready, in their order; also those that are over. */
  readonly sessions: readonly SessionHarness<Server>[];
  /** All connections there ever were, the newest last. */
  readonly connections: readonly SocketPair[];
  /**
   * The newest connection, to be cut or held.
   * @throws TrunklineError `TL_TEST_FAILED` when there has been none
   */
  readonly sockets: SocketPair;
  /**
   * The first session, or as many-th as `count` says, once its agents are ready.
   * @throws TrunklineError `TL_TEST_FAILED` when there is none in time
   */
  session(options?: WaitOptions): Promise<SessionHarness<Server>>;
  /** Whoever dials finds nobody there. */
  refuse(): void;
  /** Whoever dials is let in again. */
  allow(): void;
  /**
   * Ends the client's side, then the sessions, and looks at what is left on all of them.
   * @throws TrunklineError `TL_TEST_FAILED` with what is wrong; an `AggregateError` when it is more than one
   */
  end(): Promise<void>;
}

/**
 * Runs a client, and behind its proxy's `dial` a server in memory, which gives each session a runner and agents of its
 * own as `serveAgents` does. A session outlives its connections: the client comes back to it.
 * @throws as {@link harness}; nothing is left running then
 */
export async function servedHarness<
  const Client extends readonly BaseAgent[],
  const Server extends readonly BaseAgent[],
>(options: ServedHarnessOptions<Client, Server>): Promise<ServedHarness<Client, Server>> {
  const { client: buildClient, server: buildServer, link, delayTurns, name, checkTimers = true, ...shared } = options;
  // Timers belong to the process, so one watch is for all sides.
  const timers = checkTimers ? new TimerWatch() : undefined;
  const sessions = new Arrivals<SessionHarness<Server>>(({ runner }) => runner.name);
  const beginnings: Promise<void>[] = [];
  const named = (side: string) => (name === undefined ? {} : { name: `${name}/${side}` });
  const begin = async (number: number, websocket: unknown) => {
    const agents = (bus: AgentBus) => buildServer(bus, websocket);
    sessions.add(await harness({ ...shared, ...named(`session-${number}`), agents, checkTimers: false }));
  };
  const server = new MemoryServer({
    link,
    delayTurns,
    onSession: (websocket) => {
      const beginning = begin(beginnings.length + 1, websocket);
      // It is told at the end, and is no unhandled rejection until then.
      beginning.catch(() => server.connections.at(-1)?.cut());
      beginnings.push(beginning);
    },
  });
  const endSessions = async () => {
    server.end();
    const begun = await Promise.allSettled(beginnings);
    return [...begun, ...(await Promise.allSettled(sessions.all.map((session) => session.end())))];
  };
  let client: SessionHarness<Client>;
  try {
    const agents = (bus: AgentBus) => buildClient(bus, server.dial);
    client = await harness({ ...shared, ...named("client"), agents, checkTimers: false });
  } catch (error) {
    await endSessions();
    await timers?.end();
    throw error;
  }
  const ending = endingOnce(async () => {
    const clientEnd = await Promise.allSettled([client.end()]);
    const failures = failuresOf([...clientEnd, ...(await endSessions())]);
    const left = (await timers?.end()) ?? [];
    if (left.length > 0) {
      failures.push(testFailure(left.map((where) => `A timer still runs that was started at ${where}.`).join("\n")));
    }
    throwAll(failures);
  });
  return {
    client,
    get sessions() {
      return sessions.all;
    },
    get connections() {
      return server.connections;
    },
    get sockets() {
      const newest = server.connections.at(-1);
      if (newest === undefined) throw testFailure("There has been no connection yet.");
      return newest;
    },
    session: (wait) => sessions.waitFor(() => true, "A session", wait),
    refuse: () => server.refuse(),
    allow: () => server.allow(),
    ...ending,
  };
}
