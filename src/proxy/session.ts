import type { IncomingMessage } from "node:http";
import { messageOf, TrunklineError } from "../errors.ts";
import { AgentRunner } from "../runner/index.ts";
import { within } from "../util/index.ts";
import { Link, type LinkOptions, type LinkSocket } from "./link/index.ts";
import { WebSocketProxyServerAgent, type WebSocketProxyServerAgentOptions } from "./server-agent.ts";

/** What a session's proxy is told beside what the session knows itself. */
export interface SessionProxyOptions extends Omit<WebSocketProxyServerAgentOptions, "bus" | "websocket"> {
  /** Default: `gateway`. */
  readonly name?: string | undefined;
}

/** One client's connection, with a runner and a bus of its own. */
export interface AgentSession {
  readonly id: string;
  /** What `authenticate` returned; undefined without one. */
  readonly principal: unknown;
  /** The request that opened the connection. */
  readonly request: IncomingMessage;
  /** Aborts when the session is over. */
  readonly signal: AbortSignal;
  readonly runner: AgentRunner;
  /**
   * Builds the proxy agent for this connection; add it to the runner.
   * @throws TrunklineError `TL_INVALID_OPTION` the second time: a connection has one proxy
   */
  proxy(options: SessionProxyOptions): WebSocketProxyServerAgent;
}

export type SessionSetup = (session: AgentSession) => void | Promise<void>;

export interface SessionInit {
  readonly socket: LinkSocket;
  readonly request: IncomingMessage;
  readonly principal: unknown;
  readonly link: LinkOptions | undefined;
  onError(error: TrunklineError): void;
}

/** A fault on this side, in the words of a close frame. */
const internalErrorCode = 1011;
const cancelTimeoutMs = 3_000;
const closing = "server closing";

/**
 * Runs one session, from its connection to its end.
 *
 * 1. It is over when its client is gone, when its agents end it, or when it is told to; then nothing of it is left.
 * 2. Whatever goes wrong in it stays in it.
 */
export class Session implements AgentSession {
  readonly id = crypto.randomUUID();
  readonly principal: unknown;
  readonly request: IncomingMessage;
  readonly runner: AgentRunner;
  readonly #init: SessionInit;
  readonly #abort = new AbortController();
  #proxy: WebSocketProxyServerAgent | undefined;

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

  proxy({ name = "gateway", ...options }: SessionProxyOptions): WebSocketProxyServerAgent {
    if (this.#proxy !== undefined) {
      throw new TrunklineError("TL_INVALID_OPTION", "A session has one proxy, and this one has been built already.");
    }
    const { socket, link } = this.#init;
    const { bus } = this.runner;
    const proxy = new WebSocketProxyServerAgent(name, { link, ...options, bus, websocket: socket });
    proxy.on("clientDisconnected", () => this.runner.cancel("client gone"));
    this.#proxy = proxy;
    return proxy;
  }

  /** Resolves when the session is over. */
  async run(setup: SessionSetup): Promise<void> {
    try {
      await setup(this);
      if (this.#proxy?.added !== true) throw new Error("it added no session.proxy() to session.runner");
      await this.runner.run();
    } catch (cause) {
      const message = `The session could not be set up: ${messageOf(cause)}`;
      this.#init.onError(new TrunklineError("TL_SESSION_FAILED", message, { cause }));
      if (this.#proxy?.added !== true) await this.#hangUp();
      await this.runner.cancel(message);
      await this.runner.run();
    } finally {
      this.#abort.abort(new TrunklineError("TL_CONNECTION_LOST", "The session is over."));
    }
  }

  /** Lets the agents finish what they are doing, for at most `graceMs`. */
  async end(ended: Promise<void>, graceMs: number): Promise<void> {
    await this.runner.end(closing);
    if ((await within(ended, graceMs)) === "done") return;
    await this.runner.cancel(closing);
    this.#abort.abort(new TrunklineError("TL_SERVER_CLOSED", "The server has been closed."));
    // A setup that never returns cannot be stopped, only left behind.
    if ((await within(ended, cancelTimeoutMs)) === "late") await this.#hangUp();
  }

  /** Closes a connection that has no proxy agent to do it. */
  async #hangUp(): Promise<void> {
    const ignore = () => {};
    const events = { onOpen: ignore, onMessage: ignore, onOversize: ignore, onConnectFailed: ignore };
    const link = new Link({ socket: this.#init.socket }, { ...events, onClosed: ignore, onFault: this.#init.onError });
    await link.close(internalErrorCode, "the session could not be set up");
  }
}
