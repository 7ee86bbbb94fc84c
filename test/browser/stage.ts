/** A real Chromium, and a server with the tests' page and an agent for each tab that opens it. */
import { fileURLToPath } from "node:url";
import type { Browser, JSHandle, Page } from "playwright-core";
import { BusFrameMessage } from "trunkline";
import type { AgentSession } from "trunkline/server";
import { describe, expect } from "vitest";
import { chromiumMissing, findChromium, launchChromium } from "../../examples/browser-agent/chromium.ts";
import { bundle } from "../../examples/browser-agent/page-files.ts";
import { type PageFile, PageServer } from "../../examples/browser-agent/page-server.ts";
import { Recording } from "../support/recording.ts";
import { until } from "../support/settled.ts";
import { TabAgent } from "./tab-agent.ts";
import { tabLink } from "./tab-link.ts";

const path = findChromium();

/** Tests that need a browser. Without one they are skipped, and their title says why. */
export function describeInChromium(title: string, tests: () => void): void {
  if (path === undefined) describe.skip(`${title} [skipped: Chromium is not installed]`, tests);
  // A browser takes a while to start where much else runs.
  else describe(title, { timeout: 60_000 }, tests);
}

export async function startChromium(): Promise<Browser> {
  if (path === undefined) throw new Error(chromiumMissing);
  return launchChromium(path);
}

/** A tab of its own, whose waiting ends before the test's. */
export async function newTab(browser: Browser): Promise<Page> {
  const page = await browser.newPage();
  page.setDefaultTimeout(20_000);
  return page;
}

/** What the server has for one tab. */
export interface ServedTab {
  readonly session: AgentSession;
  readonly agent: TabAgent;
  /** All that was on the session's bus. */
  readonly recording: Recording;
  /** Who can no longer be reached from the session. */
  readonly agentsGone: readonly string[];
}

/** The files of a page that has only a script. */
export async function pageOf(script: string): Promise<Readonly<Record<string, PageFile>>> {
  const html = '<!doctype html><title>test</title><script type="module" src="/page.js"></script>';
  return {
    "/": { type: "text/html", text: html },
    "/page.js": { type: "text/javascript", text: await bundle(fileURLToPath(new URL(script, import.meta.url))) },
  };
}

/** How long a test waits for something in a page, at most. */
export const polling = { timeout: 20_000, interval: 20 };

/** For expectations of what has happened to the page's agent, sooner or later. */
export function diaryOf({ tab }: Pick<Tab, "tab">) {
  return expect.poll(() => tab.evaluate(({ diary }) => diary), polling);
}

export class Stage implements AsyncDisposable {
  readonly browser: Browser;
  readonly server: PageServer;
  /** One for each connection, in their order. */
  readonly served: readonly ServedTab[];

  private constructor(browser: Browser, server: PageServer, served: readonly ServedTab[]) {
    this.browser = browser;
    this.server = server;
    this.served = served;
  }

  static async open(): Promise<Stage> {
    const [files, browser] = await Promise.all([pageOf("./tab.ts"), startChromium()]);
    const served: ServedTab[] = [];
    const setup = async (session: AgentSession) => served.push(await serveTab(session));
    const server = await PageServer.listen({
      files,
      link: tabLink,
      setup: async (session) => void (await setup(session)),
    });
    return new Stage(browser, server, served);
  }

  /** Opens the page in a tab of its own; resolves once its agent and the server's know each other. */
  async openTab(): Promise<Tab> {
    const page = await newTab(this.browser);
    const before = this.served.length;
    await page.goto(this.server.url);
    return this.join(page, before);
  }

  /** Takes over a page that connects as the session of this index. */
  async join(page: Page, index: number): Promise<Tab> {
    await until(() => this.served.length > index, "the tab's connection", 20_000);
    const served = this.served[index];
    if (served === undefined) throw new Error("There is no such session.");
    const tab = (await page.evaluateHandle("tab")) as JSHandle<TabAgent>;
    await diaryOf({ tab }).toContain("assistant is there");
    await until(() => served.session.runner.registry.has("page"), "the page's agent being known to the server", 20_000);
    return { ...served, page, tab };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser.close();
    await this.server.close();
  }
}

/** A tab with both of its ends: the agent in the page, reached through the browser, and the one on the server. */
export interface Tab extends ServedTab {
  readonly page: Page;
  readonly tab: JSHandle<TabAgent>;
}

async function serveTab(session: AgentSession): Promise<ServedTab> {
  const { runner } = session;
  const recording = await Recording.of(runner.bus);
  const proxy = session.proxy({ agentName: "assistant", remoteAgentName: "page", forwardMessages: [BusFrameMessage] });
  const agent = new TabAgent("assistant", { bus: runner.bus, bridged: true });
  const agentsGone: string[] = [];
  runner.registry.on("agentGone", ({ agentName }) => void agentsGone.push(agentName));
  await runner.addAgent(proxy);
  await runner.addAgent(agent);
  return { session, agent, recording, agentsGone };
}
