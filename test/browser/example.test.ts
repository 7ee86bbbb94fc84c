import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { BusFrameMessage } from "trunkline";
import type { AgentSession, SessionSetup } from "trunkline/server";
import { afterEach, describe, expect, it } from "vitest";
import { offlinePageModel } from "../../examples/browser-agent/offline-page-model.ts";
import { pageAssistantSession } from "../../examples/browser-agent/page-assistant.ts";
import { pageFiles } from "../../examples/browser-agent/page-files.ts";
import { PageServer } from "../../examples/browser-agent/page-server.ts";
import { endAllPrograms, Program } from "../examples/program.ts";
import { until } from "../support/settled.ts";
import { describeInChromium, newTab, startChromium } from "./stage.ts";
import { TabAgent } from "./tab-agent.ts";

const program = fileURLToPath(new URL("../../examples/browser-agent/start.ts", import.meta.url));
const { CHROMIUM } = process.env;

function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Program {
  const command = [process.execPath, "--conditions=trunkline-source", "--import=tsx", program];
  return new Program([...command, ...args], { env: { ...(CHROMIUM === undefined ? {} : { CHROMIUM }), ...env } });
}

afterEach(endAllPrograms);

/** The example's page in a Chromium, and its server. */
class OpenedExample implements AsyncDisposable {
  readonly page: Page;
  readonly files: Awaited<ReturnType<typeof pageFiles>>;
  server: PageServer;

  private constructor(page: Page, server: PageServer, files: Awaited<ReturnType<typeof pageFiles>>) {
    this.page = page;
    this.server = server;
    this.files = files;
  }

  static async open(setup: SessionSetup = pageAssistantSession(offlinePageModel())): Promise<OpenedExample> {
    const [files, browser] = await Promise.all([pageFiles(), startChromium()]);
    const server = await PageServer.listen({ files, setup });
    const page = await newTab(browser);
    await page.goto(server.url);
    return new OpenedExample(page, server, files);
  }

  /** A server at the same place, with the same token. */
  async serveAgain(): Promise<void> {
    const { port, hash } = new URL(this.server.url);
    const setup = pageAssistantSession(offlinePageModel());
    this.server = await PageServer.listen({ files: this.files, port: Number(port), token: hash.slice(1), setup });
  }

  /** The last line once the assistant has finished. */
  async answer(): Promise<string | null> {
    await this.page.locator("#conversation[aria-busy=false]").waitFor({ state: "attached" });
    return this.page.locator("#conversation li").last().textContent();
  }

  async say(text: string): Promise<string | null> {
    await this.page.fill("#words", text);
    await this.page.press("#words", "Enter");
    await this.page.locator(".user", { hasText: text }).last().waitFor();
    return this.answer();
  }

  status(text: RegExp): Promise<void> {
    return this.page.locator("#status", { hasText: text }).waitFor();
  }

  get background(): Promise<string> {
    return this.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().browser()?.close();
    await this.server.close();
  }
}

describe("npm run example:browser", { timeout: 40_000 }, () => {
  it("prints the URL of its page, and Ctrl-C ends it", async () => {
    const example = start([]);
    await example.prints(/Open http:\/\/127\.0\.0\.1:\d+\/#[\w-]{43}\n/, 30_000);
    expect(example.stderr).toMatch(/The page's script is \d+ kB, compressed \d+ kB\./);
    example.signalGroup("SIGINT");
    expect(await example.exits()).toMatchObject({ code: 0 });
    await example.isGone();
  });

  it("without Chromium, --say says in one sentence what to install", async () => {
    const example = start(["--say", "hi"], { PATH: "/nowhere", CHROMIUM: "/nowhere/chromium" });
    expect(await example.exits(30_000)).toMatchObject({ code: 2 });
    expect(example.stderr).toContain("Chromium is not installed. On Debian: sudo apt-get install chromium.");
    expect(example.stderr).not.toMatch(/\n {4}at /);
  });
});

describeInChromium("npm run example:browser -- --say, in Chromium", () => {
  it("says it in the page, prints the answer and what has changed there, exit 0, and leaves nothing running", async () => {
    const example = start(["--say", "Paint the page green", "--say", "What have I selected?"]);
    expect(await example.exits(50_000)).toMatchObject({ code: 0 });
    expect(example.stdout.split("\n")).toEqual([
      "you> Paint the page green",
      "assistant> The page is green now.",
      "The page was rgb(255, 255, 255) and is rgb(0, 128, 0).",
      "you> What have I selected?",
      "assistant> Nothing is selected.",
      "",
    ]);
    await example.isGone();
  });
});

describeInChromium("the example's page in Chromium", () => {
  it("is welcomed, and its agent paints and reads for the model on the server", async () => {
    await using example = await OpenedExample.open();
    expect(await example.answer()).toMatch(/^Welcome!/);
    expect(await example.say("Paint the page teal, please")).toBe("The page is teal now.");
    expect(await example.background).toBe("rgb(0, 128, 128)");
    await example.page.locator("h1").selectText();
    expect(await example.say("What have I selected?")).toBe("You have selected: An agent lives in this page");
  });

  it("shows words as words, whoever says them, and never as HTML", async () => {
    await using example = await OpenedExample.open();
    await example.answer();
    const html = "<img src=x onerror=\"document.title='broken into'\">";
    await example.page.evaluate((html) => document.querySelector("h1")?.replaceChildren(html), html);
    await example.page.locator("h1").selectText();
    expect(await example.say(`${html} is what I have selected`)).toBe(`You have selected: ${html}`);
    expect(await example.page.locator(".user").textContent()).toBe(`${html} is what I have selected`);
    expect(await example.page.locator("img").count()).toBe(0);
    expect(await example.page.title()).toBe("An agent in this page");
  });

  it("is held by its browser to its own script and its own server", async () => {
    await using example = await OpenedExample.open();
    await example.answer();
    const attempts = await example.page.evaluate(async () => {
      // In a task of its own, as the page's own code: what a debugger is told to run may do more.
      const tried = (attempt: () => unknown) =>
        new Promise<string>((resolve) => {
          setTimeout(async () => {
            try {
              await attempt();
              resolve("allowed");
            } catch (error) {
              resolve(error instanceof Error ? error.name : String(error));
            }
          });
        });
      const element = document.createElement("div");
      return {
        html: await tried(() => {
          element.innerHTML = "<b>bold</b>";
        }),
        // biome-ignore lint/security/noGlobalEval: it is to be refused.
        evaluated: await tried(() => globalThis.eval("1")),
        fetched: await tried(() => fetch("/page.css")),
      };
    });
    expect(attempts).toEqual({
      html: "TypeError",
      evaluated: "EvalError",
      fetched: "TypeError",
    });
  });

  it("does for the server only what it offers, and checks what it is given", async () => {
    const agents: TabAgent[] = [];
    await using example = await OpenedExample.open(async (session) => {
      const { runner } = session;
      const names = { agentName: "assistant", remoteAgentName: "page" };
      await runner.addAgent(session.proxy({ ...names, forwardMessages: [BusFrameMessage] }));
      const agent = new TabAgent("assistant", { bus: runner.bus, bridged: true });
      agents.push(agent);
      await runner.addAgent(agent);
    });
    await example.status(/^connected$/);
    const before = await example.background;
    const ask = (name: string, payload?: unknown) => {
      return agents[0]?.task("page", { name, payload, timeoutMs: 10_000 }).catch((error: unknown) => error);
    };
    for (const payload of [undefined, "red", { colour: 1 }, { colour: "url(https://example.com)" }, { colour: "" }]) {
      expect(await ask("paint", payload)).toMatchObject({ status: "error", reason: "that is no colour" });
    }
    expect(await ask("run", { script: "alert(1)" })).toMatchObject({ status: "error" });
    expect(await example.background).toBe(before);
  });

  it("survives a connection that breaks: says so, and what is said meanwhile is answered in the same session", async () => {
    const sessions: AgentSession[] = [];
    const assistant = pageAssistantSession(offlinePageModel());
    await using example = await OpenedExample.open(async (session) => {
      sessions.push(session);
      await assistant(session);
    });
    await example.answer();
    await example.page.evaluate(() => {
      const seen: (string | null)[] = [];
      const status = document.querySelector("#status");
      if (status !== null)
        new MutationObserver(() => seen.push(status.textContent)).observe(status, { childList: true });
      Object.assign(globalThis, { seen });
    });
    sessions[0]?.request.socket.destroy();
    await example.page.waitForFunction("seen.length > 0");
    expect(await example.say("Paint it pink")).toBe("The page is pink now.");
    expect(await example.page.evaluate("seen")).toEqual(["interrupted, connecting again", "connected"]);
    expect(await example.page.locator(".assistant").count()).toBe(2);
    expect(sessions).toHaveLength(1);
    expect(sessions[0]?.signal.aborted).toBe(false);
  });

  it("connects again when its server has gone and is back, and goes on with the conversation", async () => {
    await using example = await OpenedExample.open();
    await example.answer();
    expect(await example.say("Paint it pink")).toBe("The page is pink now.");
    await example.server.close();
    await example.status(/^no connection, trying again in \d/);
    await example.serveAgain();
    await example.status(/^connected$/);
    expect(await example.say("Paint it blue")).toBe("The page is blue now.");
    expect(await example.page.locator(".assistant").allTextContents()).toEqual([
      expect.stringMatching(/^Welcome!/),
      "The page is pink now.",
      "The page is blue now.",
    ]);
    await until(() => example.server.agents.sessionCount === 1, "one session");
  });
});
