/** A server whose pages reach it through a network that can be broken. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, JSHandle, Page } from "playwright-core";
import { BusFrameMessage, type LinkOptions, type WebSocketProxyClientAgent } from "trunkline";
import { type AgentServer, type AgentSession, serveAgents } from "trunkline/server";
import { FaultProxy } from "trunkline/testing/node";
import { expect } from "vitest";
import type { PageFile } from "../../examples/browser-agent/page-server.ts";
import { until } from "../support/settled.ts";
import type { ResumingTabOptions } from "./resuming-tab.ts";
import { newTab, pageOf, polling } from "./stage.ts";
import { TabAgent } from "./tab-agent.ts";

/** Everything that takes a while by default, in short. */
export const quickLink: LinkOptions = {
  heartbeatMs: 5_000,
  windowMs: 30_000,
  backoff: { minMs: 10, spreadMs: 40, maxSpreadMs: 100 },
  closeTimeoutMs: 300,
  // A busy machine may leave much to be acknowledged, which is not what is tested here.
  maxQueuedFrames: 20_000,
};

/** What the server has for one session. */
export interface ResumingSession {
  readonly session: AgentSession;
  readonly agent: TabAgent;
  /** What its proxy told. */
  readonly diary: readonly string[];
}

export interface ResumingStageOptions {
  /** The server's. */
  readonly link?: LinkOptions | undefined;
  /** Says who it is that shows the token of this number, counted from 1. Default: always the same one. */
  readonly principal?: ((token: number) => unknown) | undefined;
}

/** A page and its proxy, reached through the browser. */
export interface ResumingTab {
  readonly page: Page;
  readonly tab: JSHandle<TabAgent>;
  readonly proxy: JSHandle<WebSocketProxyClientAgent>;
}

export class ResumingStage implements AsyncDisposable {
  readonly agents: AgentServer;
  readonly network: FaultProxy;
  readonly sessions: readonly ResumingSession[];
  /** The tokens that were shown, by their numbers, in the order of the connections. */
  readonly shown: readonly number[];
  readonly #browser: Browser;
  readonly #http: Server;
  readonly #pages: Page[] = [];

  private constructor(
    browser: Browser,
    http: Server,
    agents: AgentServer,
    network: FaultProxy,
    sessions: readonly ResumingSession[],
    shown: readonly number[],
  ) {
    this.#browser = browser;
    this.#http = http;
    this.agents = agents;
    this.network = network;
    this.sessions = sessions;
    this.shown = shown;
  }

  static async open(browser: Browser, options: ResumingStageOptions = {}): Promise<ResumingStage> {
    const { link = quickLink, principal = () => "kim" } = options;
    const http = await servePage(await pageOf("./resuming-tab.ts"));
    const shown: number[] = [];
    const sessions: ResumingSession[] = [];
    const agents = await serveAgents(
      {
        server: http,
        path: "/agents",
        allowedOrigins: [originOf(http)],
        authenticate: ({ url = "" }) => {
          const token = Number(new URL(url, "http://base").searchParams.get("token"));
          shown.push(token);
          return principal(token);
        },
        link,
      },
      async (session) => void sessions.push(await serve(session)),
    );
    const network = await FaultProxy.listen({ url: agents.url });
    return new ResumingStage(browser, http, agents, network, sessions, shown);
  }

  get origin(): string {
    return originOf(this.#http);
  }

  /** What comes behind the # for a page or a worker that connects through the network. */
  hash(link: LinkOptions = quickLink): string {
    const options: ResumingTabOptions = { socket: this.network.url, link };
    return `#${encodeURIComponent(JSON.stringify(options))}`;
  }

  /** Opens the page, which begins to connect. */
  async openTab(link?: LinkOptions): Promise<ResumingTab> {
    const page = await newTab(this.#browser);
    this.#pages.push(page);
    await page.goto(`${this.origin}/${this.hash(link)}`);
    return handlesOf(page);
  }

  /** The session of this number, from 1, once the agents of both sides know each other. */
  async session(opened: Pick<ResumingTab, "tab"> | undefined, number = 1): Promise<ResumingSession> {
    await until(() => this.sessions.length >= number, `session ${number}`, polling.timeout);
    const session = this.sessions[number - 1];
    if (session === undefined) throw new Error(`There is no session ${number}.`);
    if (opened !== undefined) await diary(opened).toContain("assistant is there");
    await until(() => session.session.runner.registry.has("page"), "the server knowing the page", polling.timeout);
    return session;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const page of this.#pages) await page.close();
    await this.network[Symbol.asyncDispose]();
    await this.agents.close({ graceMs: 0 });
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }
}

export async function handlesOf(page: Page): Promise<ResumingTab> {
  await page.waitForFunction("globalThis.proxy !== undefined", undefined, { polling: polling.interval });
  const tab = (await page.evaluateHandle("tab")) as JSHandle<TabAgent>;
  const proxy = (await page.evaluateHandle("proxy")) as JSHandle<WebSocketProxyClientAgent>;
  return { page, tab, proxy };
}

/** For expectations of what the page's agent has noted, sooner or later. */
export function diary({ tab }: Pick<ResumingTab, "tab">) {
  return expect.poll(() => tab.evaluate(({ diary }) => diary), polling);
}

/** How often something stands in the page's diary, sooner or later. */
export function timesIn({ tab }: Pick<ResumingTab, "tab">, entry: RegExp) {
  return expect.poll(async () => (await tab.evaluate(({ diary }) => diary)).filter((it) => entry.test(it)).length, {
    ...polling,
  });
}

async function serve(session: AgentSession): Promise<ResumingSession> {
  const { runner } = session;
  const proxy = session.proxy({ agentName: "assistant", remoteAgentName: "page", forwardMessages: [BusFrameMessage] });
  const agent = new TabAgent("assistant", { bus: runner.bus, bridged: true });
  const diary: string[] = [];
  proxy.on("interrupted", ({ code }) => void diary.push(`interrupted: ${code}`));
  proxy.on("resumed", () => void diary.push("resumed"));
  proxy.on("sessionLost", ({ reason }) => void diary.push(`sessionLost: ${reason}`));
  proxy.on("clientDisconnected", ({ lost }) => void diary.push(`clientDisconnected: ${lost}`));
  proxy.on("rejected", ({ message }) => void diary.push(`rejected: ${message}`));
  await runner.addAgent(proxy);
  await runner.addAgent(agent);
  return { session, agent, diary };
}

async function servePage(files: Readonly<Record<string, PageFile>>): Promise<Server> {
  let tokens = 0;
  const http = createServer(({ url = "" }, response) => {
    const file = files[url];
    if (url === "/token") response.setHeader("cache-control", "no-store").end(String(++tokens));
    else if (file !== undefined) response.setHeader("content-type", file.type).end(file.text);
    else response.writeHead(404).end();
  });
  await once(http.listen(0, "127.0.0.1"), "listening");
  return http;
}

function originOf(http: Server): string {
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}
