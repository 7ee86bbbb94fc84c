import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { until } from "../support/settled.ts";
import { describeInChromium, diaryOf, newTab, polling, Stage, type Tab } from "./stage.ts";

const text = (messages: readonly unknown[]): string =>
  JSON.stringify(messages, (key, value) => (key === "agent" ? undefined : value));

// Asked again and again from here: what a page is told to evaluate later, its policy refuses.
const framesOf = ({ tab }: Pick<Tab, "tab">) => expect.poll(() => tab.evaluate(({ frames }) => frames.length), polling);

describeInChromium("work for an agent in a tab of Chromium", () => {
  it("the server's agent asks the page's: updates on the way, then the answer", async () => {
    await using stage = await Stage.open();
    const { agent } = await stage.openTab();
    expect(await agent.ask("page", 3)).toEqual({
      updates: [{ counted: 1 }, { counted: 2 }, { counted: 3 }],
      answer: { total: 3 },
    });
  });

  it("the page's agent asks the server's: updates on the way, then the answer", async () => {
    await using stage = await Stage.open();
    const { tab } = await stage.openTab();
    expect(await tab.evaluate((agent) => agent.ask("assistant", 2))).toEqual({
      updates: [{ counted: 1 }, { counted: 2 }],
      answer: { total: 2 },
    });
  });

  it("a cancel from the server fires the signal in the page, and one from the page that on the server", async () => {
    await using stage = await Stage.open();
    const opened = await stage.openTab();
    const { agent, tab } = opened;
    const cancelled = { updates: ["waiting"], answer: "cancelled: changed my mind" };
    expect(await agent.askAndCancel("page")).toEqual(cancelled);
    await diaryOf(opened).toContain("aborted: cancelled: changed my mind");
    expect(await tab.evaluate((agent) => agent.askAndCancel("assistant"))).toEqual(cancelled);
    await until(() => agent.diary.includes("aborted: cancelled: changed my mind"), "the signal on the server");
  });

  it("what the server has asked of a tab fails when the tab is closed", async () => {
    await using stage = await Stage.open();
    const { agent, page } = await stage.openTab();
    const run = agent.task("page", { name: "wait", timeoutMs: 10_000 });
    for await (const _ of run) await page.close();
    await expect(run).rejects.toMatchObject({ reason: expect.stringMatching(/^link (lost|closed)$/) });
  });
});

describeInChromium("frames of audio between a tab of Chromium and the server", () => {
  it("4 MB in one frame arrive whole, there and back", async () => {
    await using stage = await Stage.open();
    const { agent, tab } = await stage.openTab();
    agent.echoes = true;
    await tab.evaluate((agent) => agent.sendAudio(1, 4_000_000));
    await framesOf({ tab }).toBe(1);
    const there = await agent.audioHeard();
    expect(there).toEqual([expect.stringMatching(/^4000000 [0-9a-f]{64}$/)]);
    expect(await tab.evaluate((agent) => agent.audioHeard())).toEqual(there);
  });

  it("a burst of twelve times a megabyte, more than the socket takes at once, arrives whole and in order", async () => {
    await using stage = await Stage.open();
    const { agent, tab } = await stage.openTab();
    await tab.evaluate((agent) => agent.sendAudio(12, 1_000_000));
    await until(() => agent.frames.length === 12, "all of the frames", 30_000);
    const there = await agent.audioHeard();
    expect(new Set(there).size).toBe(12);
    // The same again from this side, which makes the same twelve.
    await agent.sendAudio(12, 1_000_000);
    await framesOf({ tab }).toBe(12);
    expect(await tab.evaluate((agent) => agent.audioHeard())).toEqual(there);
    expect(await tab.evaluate(({ diary }) => diary)).toEqual(["connected", "assistant is there"]);
  });
});

describeInChromium("the life of a tab of Chromium", () => {
  it("a tab that is closed ends its session, and the page's agent is gone there", async () => {
    await using stage = await Stage.open();
    const { agentsGone, session, page } = await stage.openTab();
    expect(stage.server.agents.sessionCount).toBe(1);
    await page.close();
    await until(() => stage.server.agents.sessionCount === 0, "the end of the session", 20_000);
    expect(agentsGone[0]).toBe("page");
    expect(session.signal.aborted).toBe(true);
  });

  it("a page that is reloaded ends its session and gets a new one", async () => {
    await using stage = await Stage.open();
    const first = await stage.openTab();
    await first.page.reload();
    const second = await stage.join(first.page, 1);
    await until(() => stage.server.agents.sessionCount === 1, "the end of the first session", 20_000);
    expect(first.session.signal.aborted).toBe(true);
    expect(second.session.signal.aborted).toBe(false);
    expect(second.session.id).not.toBe(first.session.id);
    expect(await second.agent.ask("page", 1)).toMatchObject({ answer: { total: 1 } });
  });

  it("a connection that breaks is told in the page: interrupted with 1006, then resumed, and nobody is gone", async () => {
    await using stage = await Stage.open();
    const opened = await stage.openTab();
    opened.session.request.socket.destroy();
    await diaryOf(opened).toEqual(["connected", "assistant is there", "interrupted: 1006", "resumed"]);
    expect(opened.session.signal.aborted).toBe(false);
    expect(opened.agentsGone).toEqual([]);
  });

  it("a server that closes sends the page away, which is disconnected when nobody takes it back", async () => {
    await using stage = await Stage.open();
    const opened = await stage.openTab();
    await stage.server.close();
    await diaryOf(opened).toEqual(
      expect.arrayContaining(["interrupted: 1012", expect.stringMatching(/^disconnected: 1012/), "assistant is gone"]),
    );
  });

  it("two tabs have two sessions, and nothing of one is in the other", async () => {
    await using stage = await Stage.open();
    const tabs = [await stage.openTab(), await stage.openTab()] as const;
    for (const [index, { agent, tab }] of tabs.entries()) {
      agent.echoes = true;
      await tab.evaluate((agent, index) => agent.sendText(`secret ${index}`), index);
      await tab.evaluate((agent, index) => agent.ask("assistant", 40 + index), index);
    }
    for (const opened of tabs) await framesOf(opened).toBe(1);
    for (const [index, { recording, tab }] of tabs.entries()) {
      const other = 1 - index;
      const onServer = text(recording.messages);
      const inPage = JSON.stringify(await tab.evaluate(({ frames }) => frames));
      for (const seen of [onServer, inPage]) {
        expect(seen).toContain(`secret ${index}`);
        expect(seen).not.toContain(`secret ${other}`);
      }
      expect(onServer).toContain(`"counted":${40 + index}`);
      expect(index === 0 && onServer.includes('"counted":41')).toBe(false);
    }
    expect(tabs[0].session.id).not.toBe(tabs[1].session.id);
    await tabs[0].page.close();
    await until(() => stage.server.agents.sessionCount === 1, "the end of the first session", 20_000);
    expect(await tabs[1].agent.ask("page", 1)).toMatchObject({ answer: { total: 1 } });
  });
});

describeInChromium("a worker of Chromium", () => {
  it("has an agent that the server's asks, as a tab does", async () => {
    await using stage = await Stage.open();
    const { origin, url } = stage.server;
    // The page's own policy makes scripts of no text; this is not about that.
    const page = await stage.browser.newPage({ bypassCSP: true });
    await page.goto(`${origin}/page.js`);
    await page.evaluate((script) => void new Worker(script, { type: "module" }), url.replace("/#", "/page.js#"));
    await until(() => stage.served.length === 1, "the worker's connection", 20_000);
    expect(await stage.served[0]?.agent.ask("page", 2)).toEqual({
      updates: [{ counted: 1 }, { counted: 2 }],
      answer: { total: 2 },
    });
  });
});

describeInChromium("who may connect from Chromium", () => {
  it("the page with its token; not a page of another origin, nor one with another token", async () => {
    await using stage = await Stage.open();
    const elsewhere = createServer((_, response) => response.end("another page"));
    await once(elsewhere.listen(0, "127.0.0.1"), "listening");
    try {
      const { origin, url } = stage.server;
      const socket = url.replace("http:", "ws:").replace("/#", "/agents?token=");
      const knock = async (from: string, to: string) => {
        const page = await newTab(stage.browser);
        await page.goto(from);
        return page.evaluate(
          (to) =>
            new Promise<string>((resolve) => {
              const socket = new WebSocket(to);
              socket.onopen = () => resolve("open");
              socket.onclose = () => resolve("refused");
            }),
          to,
        );
      };
      const { port } = elsewhere.address() as AddressInfo;
      expect(await knock(`${origin}/page.js`, socket)).toBe("open");
      expect(await knock(`http://127.0.0.1:${port}`, socket)).toBe("refused");
      expect(await knock(`${origin}/page.js`, `${socket}x`)).toBe("refused");
      expect(await knock(`${origin}/page.js`, socket.replace(/\?.*/, ""))).toBe("refused");
      expect(stage.served).toHaveLength(1);
    } finally {
      elsewhere.closeAllConnections();
      elsewhere.close();
    }
  });
});
