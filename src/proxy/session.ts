import type { IncomingMessage } from "node:http";
import { messageOf, TrunklineError } from "../errors.ts";
import { AgentRunner } from "../runner/index.ts";
import { within } from "../util/index.ts";
import type { RequestSecrets } from "./error-line.ts";
import { Link, type LinkOptions, type LinkSocket, Seat } from "./link/index.ts";
import { WebSocketProxyServerAgent, type WebSocketProxyServerAgentOptions } from "./server-agent.ts";

/** What a session's proxy is told beside what the session knows itself, and what the server says for all: `link`. */
export interface SessionProxyOptions extends Omit<WebSocketProxyServerAgentOptions, "bus" | "websocket" | "link"> {
  /** Default: `gateway`. */
  readonly name?: string | undefined;
}

/** One client's session, with a runner and a bus of its own. It outlives its connection where the client can resume it. */
export interface AgentSession {
  readonly id: string;
  /** What `authenticate` returned; undefined without one. */
  readonly principal: unknown;
  /** The request that opened the first connection. */
  readonly request: IncomingMessage;
  /** Aborts when the session is over: its client has gone and not come back, its agents have ended, or the server closes. */
  readonly signal: AbortSignal;
  readonly runner: AgentRunner;
  /**
   * Builds the proxy agent for this session; add it to the runner.
   * @throws TrunklineError `TL_INVALID_OPTION` the second time: a session has one proxy; and for a `link`
   */
  proxy(options: SessionProxyOptions): WebSocketProxyServerAgent;
}

/** Adds a session's agents to its runner, which runs once this has settled. If it throws, the client is refused. */
export type SessionSetup = (session: AgentSession) => void | Promise<void>;

export interface SessionInit {
  /** The seat of a session that can be resumed, or the one connection of another. */
  readonly origin: Seat | { readonly socket: LinkSocket };
  readonly request: IncomingMessage;
  readonly principal: unknown;
  readonly link: LinkOptions | undefined;
  readonly setupTimeoutMs: number | undefined;
  onError(error: TrunklineError): void;
  /** The connection of a session that cannot be resumed has broken. */
  onBroken(): void;
}

// In the words of a close frame.
const goingAwayCode = 1001;
const internalErrorCode = 1011;

const defaultSetupTimeoutMs = 30_000;
// For telling the agents that the client is gone; they are busy with other things if it takes longer.
const lossTimeoutMs = 250;
const cancelTimeoutMs = 3_000;
const closing = "server closing";

/**
 * Runs one session, from its connection to its end.
 *
 * 1. It is over when its client is gone, when its agents end it, or when it is told to; then nothing of it is left.
 * 2. Whatever goes wrong in it stays in it.
 * 3. A setup that hangs, or whose client has gone, is left behind: what it still builds is never started.
 */
export class Session implements AgentSession {
  readonly id = crypto.randomUUID();
  readonly principal: unknown;
  readonly request: IncomingMessage;
  readonly runner: AgentRunner;
  readonly #init: SessionInit;
  readonly #abort = new AbortController();
  #proxy: WebSocketProxyServerAgent | undefined;
  #running = false;
  #latest: RequestSecrets | undefined;

  constructor(init: SessionInit) {
    this.#init = init;
    this.principal = init.principal;
    this.request = init.request;
    this.runner = new AgentRunner({ name: `session-${this.id}`, handleSigint: false });
    this.runner.on("error", (error) => init.onError(error));
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** What its errors may quote: the first request, and the latest. */
  get requests(): readonly RequestSecrets[] {
    return this.#latest === undefined ? [this.request] : [this.request, this.#latest];
  }

  // A property, so that a setup may take it out of its session.
  readonly proxy = ({ name = "gateway", ...options }: SessionProxyOptions): WebSocketProxyServerAgent => {
    if (this.#proxy !== undefined) {
      throw new TrunklineError("TL_INVALID_OPTION", "A session has one proxy, and this one has been built already.");
    }
    // Most of it the client has been told already.
    if ("link" in options && options.link !== undefined) {
      const message = "The link's options are those of the server: give link to serveAgents, not to session.proxy.";
      throw new TrunklineError("TL_INVALID_OPTION", message);
    }
    const { origin, link } = this.#init;
    const { bus } = this.runner;
    const websocket = origin instanceof Seat ? origin : origin.socket;
    const proxy = new WebSocketProxyServerAgent(name, { ...options, link, bus, websocket });
    if (!(origin instanceof Seat)) proxy.on("sessionLost", () => this.#init.onBroken());
    proxy.on("clientDisconnected", async () => {
      // That the client's agent is gone is said first: a cancel would overtake it.
      await within(bus.idle(), lossTimeoutMs);
      await this.runner.cancel("client gone");
    });
    this.#proxy = proxy;
    return proxy;
  };

  /** Resolves when the session is over. */
  async run(setup: SessionSetup): Promise<void> {
    try {
      await this.#setUp(setup);
      this.#running = true;
      await this.runner.run();
    } catch (cause) {
      await this.#giveUp(cause);
    } finally {
      this.#abort.abort(new TrunklineError("TL_CONNECTION_LOST", "The session is over."));
    }
  }

  /** The client has resumed it, with this request. */
  cameBack({ url, rawHeaders }: RequestSecrets): void {
    this.#latest = { url, rawHeaders };
  }

  /** The connection has ended, and the session with it. */
  clientLeft(): void {
    this.#abort.abort(new TrunklineError("TL_CONNECTION_LOST", "The client is gone."));
  }

  /** Lets the agents finish what they are doing, for at most `graceMs`. A client that can is told when to come back. */
  async end(ended: Promise<void>, graceMs: number, retryMs: readonly [min: number, max: number]): Promise<void> {
    const { origin } = this.#init;
    if (origin instanceof Seat) origin.sendAway(retryMs);
    // Agents that have not started have nothing to finish.
    if (!this.#running) this.#abortClosed();
    else await this.runner.end(closing);
    if ((await within(ended, graceMs)) === "done") return;
    this.#abortClosed();
    await this.runner.cancel(closing);
    await within(ended, cancelTimeoutMs);
  }

  async #setUp(setup: SessionSetup): Promise<void> {
    const { setupTimeoutMs = defaultSetupTimeoutMs } = this.#init;
    const aborted = new Promise<never>((_resolve, reject) => {
      this.signal.addEventListener("abort", () => reject(this.signal.reason), { once: true });
    });
    const done = Promise.race([(async () => setup(this))(), aborted]);
    if ((await within(done, setupTimeoutMs)) === "late") throw new Error(`it took longer than ${setupTimeoutMs} ms`);
    if (this.#proxy?.added !== true) throw new Error("it added no session.proxy() to session.runner");
  }

  /** The setup failed, or it has been overtaken by the end of the client or of the server. */
  async #giveUp(cause: unknown): Promise<void> {
    const overtaken = this.signal.aborted;
    const message = `The session could not be set up: ${messageOf(cause)}`;
    if (!overtaken) this.#init.onError(new TrunklineError("TL_SESSION_FAILED", message, { cause }));
    this.#abort.abort(cause);
    // A runner that could not begin has released its agents, and the proxy its connection.
    if (this.#running) return;
    if (overtaken) await this.#hangUp(goingAwayCode, closing);
    else await this.#hangUp(internalErrorCode, "the session could not be set up");
    await this.runner.cancel(message);
    await this.runner.run();
  }

  #abortClosed(): void {
    this.#abort.abort(new TrunklineError("TL_SERVER_CLOSED", "The server has been closed."));
  }

  /** Closes a connection whose proxy agent was never started. */
  async #hangUp(code: number, reason: string): Promise<void> {
    const ignore = () => {};
    const events = { onOpen: ignore, onMessage: ignore, onOversize: ignore, onConnectFailed: ignore };
    const { origin, link: options, onError } = this.#init;
    const link = new Link(origin, { ...events, onClosed: ignore, onFault: onError }, options);
    await link.close(code, reason);
  }
}
