import type { Browser } from "playwright-core";
import { Admission } from "trunkline/server";
import type { FaultConnection } from "trunkline/testing/node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { until } from "../support/settled.ts";
import { diary, handlesOf, quickLink, ResumingStage, type ResumingTab, timesIn } from "./resuming-stage.ts";
import { describeInChromium, newTab, polling, startChromium } from "./stage.ts";

let browser: Browser;

function newest({ network }: ResumingStage): FaultConnection {
  const connection = network.connections.at(-1);
  if (connection === undefined) throw new Error("There is no connection.");
  return connection;
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => String(index + 1));
const heard = ({ tab }: Pick<ResumingTab, "tab">) => tab.evaluate(({ texts }) => texts.length);

describeInChromium("a session of a page in Chromium, over a network that breaks", () => {
  beforeAll(async () => {
    browser = await startChromium();
  }, 60_000);
  afterAll(() => browser.close());

  it("loses nothing and doubles nothing, numbered both ways, over ten cuts of every kind", async () => {
    const link = { ...quickLink, heartbeatMs: 400 };
    await using stage = await ResumingStage.open(browser, { link });
    const opened = await stage.openTab(link);
    const { agent, session, diary: onServer } = await stage.session(opened);
    await opened.tab.evaluate((tab) => void tab.sendNumbers());
    void agent.sendNumbers();
    const cuts: readonly ((it: FaultConnection) => void)[] = [
      (it) => it.reset(),
      (it) => it.end(),
      (it) => it.cutAfter(1_001, { direction: "up" }),
      (it) => it.cutAfter(1_003, { direction: "down" }),
      (it) => it.blackhole("down"),
      (it) => it.reset(),
      (it) => it.blackhole("up"),
      (it) => it.end(),
      (it) => it.cutAfter(777, { how: "end" }),
      (it) => it.reset(),
    ];
    for (const [index, cut] of cuts.entries()) {
      const [up, down] = [agent.texts.length, await heard(opened)];
      await until(() => agent.texts.length > up, "news from the page", polling.timeout);
      await expect.poll(() => heard(opened), polling).toBeGreaterThan(down);
      cut(newest(stage));
      await timesIn(opened, /^resumed$/).toBeGreaterThan(index);
      await until(() => onServer.filter((it) => it === "resumed").length > index, "the resume", polling.timeout);
    }
    const [up, down] = [await opened.tab.evaluate((tab) => tab.stopNumbers()), agent.stopNumbers()];
    await until(() => agent.texts.length >= up, "the last number from the page", polling.timeout);
    await expect.poll(() => heard(opened), polling).toBeGreaterThanOrEqual(down);
    // Some way behind the last one, so that one that came twice would be there by now.
    expect(await opened.tab.evaluate((tab) => tab.ask("assistant", 1))).toMatchObject({ answer: { total: 1 } });
    expect(agent.texts).toEqual(numbers(up));
    expect(await opened.tab.evaluate(({ texts }) => texts)).toEqual(numbers(down));
    expect(stage.sessions).toHaveLength(1);
    expect(session.signal.aborted).toBe(false);
    await diary(opened).not.toContain("assistant is gone");
    expect(new Set(stage.shown).size).toBe(stage.shown.length);
  });

  it("keeps the tasks in flight both ways, also those that are answered while it is cut", async () => {
    await using stage = await ResumingStage.open(browser);
    const opened = await stage.openTab();
    const { agent } = await stage.session(opened);
    const asked = agent.askToHold("page");
    await opened.tab.evaluate((tab) => void tab.askToHold("assistant"));
    await until(() => agent.diary.includes("page: holding"), "the page's update");
    await diary(opened).toContain("assistant: holding");
    stage.network.refuse();
    stage.network.reset();
    await timesIn(opened, /^interrupted: 1006$/).toBe(1);
    agent.release();
    await opened.tab.evaluate((tab) => tab.release());
    await until(() => stage.network.refusals > 1, "attempts that fail", polling.timeout);
    expect(agent.diary).toEqual(["page: holding"]);
    stage.network.allow();
    await asked;
    expect(agent.diary).toEqual(["page: holding", 'page: {"by":"page"}']);
    await diary(opened).toContain('assistant: {"by":"assistant"}');
    expect(stage.sessions).toHaveLength(1);
  });

  it("a dead server is noticed by the page, with 4408; one that lives is not suspected", async () => {
    const link = { ...quickLink, heartbeatMs: 800 };
    await using stage = await ResumingStage.open(browser, { link });
    const opened = await stage.openTab(link);
    const { diary: onServer } = await stage.session(opened);
    const said = () => opened.proxy.evaluate(({ counters }) => counters?.link.textFramesOut ?? 0);
    // Nobody has anything to say: these are questions whether the server is there, and each is answered.
    const before = await said();
    await expect.poll(said, polling).toBeGreaterThan(before + 4);
    expect(onServer).toEqual([]);
    await diary(opened).toEqual(["connected", "assistant is there"]);
    newest(stage).blackhole("down");
    await diary(opened).toEqual(["connected", "assistant is there", "interrupted: 4408", "resumed"]);
    await until(() => onServer.includes("resumed"), "the resume", polling.timeout);
    expect(stage.sessions).toHaveLength(1);
  });

  it("asks for the URL at every dial: credentials that expire close with 4401, and a fresh token resumes", async () => {
    await using stage = await ResumingStage.open(browser, {
      // The first token is good for a moment, and nobody is let in by it twice.
      principal: (token) => new Admission("kim", token === 1 ? { expiresAt: Date.now() + 1_000 } : {}),
    });
    const opened = await stage.openTab();
    await stage.session(opened);
    const told = async () =>
      (await opened.tab.evaluate(({ diary }) => diary)).filter((it) => !it.startsWith("assistant"));
    await expect.poll(told, polling).toEqual(["connected", "interrupted: 4401", "resumed"]);
    expect(stage.shown).toEqual([1, 2]);
    expect(stage.sessions).toHaveLength(1);
  });

  it("a token that is somebody else's does not resume it, and the page is told that it is lost", async () => {
    await using stage = await ResumingStage.open(browser, {
      principal: (token) => (token === 1 ? "kim" : "someone else"),
    });
    const opened = await stage.openTab();
    const { session } = await stage.session(opened);
    stage.network.reset();
    await diary(opened).toEqual([
      "connected",
      "assistant is there",
      "interrupted: 1006",
      expect.stringMatching(/^connectFailed: TL_LINK_REFUSED .*4503/),
      "sessionLost: refused",
      "disconnected: 4503 broken",
      "assistant is gone",
    ]);
    expect(session.signal.aborted).toBe(false);
  });

  it("a server that does not resume sessions is served plainly, after one more dial", async () => {
    await using stage = await ResumingStage.open(browser, { link: { ...quickLink, resume: "off" } });
    const opened = await stage.openTab();
    await diary(opened).toEqual(["connected", "assistant is there"]);
    // Offered the subprotocol, and then not; a token for each, as one may be good for one handshake only.
    expect(stage.shown).toEqual([1, 2]);
    stage.network.reset();
    await diary(opened).toContain("sessionLost: plain");
    await diary(opened).toContain("disconnected: 1006 broken");
    await opened.tab.evaluate((tab) => tab.activateAgent("proxy"));
    await timesIn(opened, /^connected$/).toBe(2);
    // Remembered: this time at once.
    expect(stage.shown).toEqual([1, 2, 3]);
  });

  it("a page that requires sessions to be resumed says so where the server does not do it", async () => {
    await using stage = await ResumingStage.open(browser, { link: { ...quickLink, resume: "off" } });
    const opened = await stage.openTab({ ...quickLink, resume: "require", connectAttempts: 1 });
    await diary(opened).toEqual([
      expect.stringMatching(/^connectFailed: TL_\w+ .*does it know the subprotocol trunkline\.resume\.v1/),
    ]);
    expect(stage.shown).toEqual([1]);
  });
});

describeInChromium("the end of a page in Chromium", () => {
  beforeAll(async () => {
    browser = await startChromium();
  }, 60_000);
  afterAll(() => browser.close());

  it("a tab that is closed ends nothing at once: its session waits for windowMs, and is then lost", async () => {
    await using stage = await ResumingStage.open(browser, { link: { ...quickLink, windowMs: 1_500 } });
    const opened = await stage.openTab();
    const { session, diary: onServer } = await stage.session(opened);
    await opened.page.close();
    await until(() => onServer.length > 0, "the cut", polling.timeout);
    const cutAt = performance.now();
    expect(onServer).toEqual([expect.stringMatching(/^interrupted: 100[16]$/)]);
    expect(stage.agents.counters).toMatchObject({ sessions: 1, suspended: 1 });
    expect(session.signal.aborted).toBe(false);
    await until(() => stage.agents.sessionCount === 0, "the end of the session", polling.timeout);
    expect(performance.now() - cutAt).toBeGreaterThan(1_400);
    expect(onServer.slice(1)).toEqual(["sessionLost: expired", "clientDisconnected: expired"]);
    expect(session.signal.aborted).toBe(true);
  });

  it("a page that is reloaded has a new session, while the old one waits for nobody", async () => {
    await using stage = await ResumingStage.open(browser);
    const opened = await stage.openTab();
    const first = await stage.session(opened);
    await opened.page.reload();
    const reloaded = await handlesOf(opened.page);
    const second = await stage.session(reloaded, 2);
    expect(second.session.id).not.toBe(first.session.id);
    await diary(reloaded).toEqual(["connected", "assistant is there"]);
    expect(await second.agent.ask("page", 1)).toMatchObject({ answer: { total: 1 } });
    expect(stage.agents.counters).toMatchObject({ sessions: 2, suspended: 1, resumed: 0 });
  });
});

describeInChromium("a worker of Chromium, over a network that breaks", () => {
  it("resumes its session as a page does", async () => {
    await using chromium = { browser: await startChromium(), [Symbol.asyncDispose]: () => chromium.browser.close() };
    await using stage = await ResumingStage.open(chromium.browser);
    const page = await newTab(chromium.browser);
    await page.goto(`${stage.origin}/token`);
    await page.evaluate((script) => void new Worker(script, { type: "module" }), `/page.js${stage.hash()}`);
    const { agent, diary: onServer } = await stage.session(undefined);
    const asked = agent.askToHold("page");
    await until(() => agent.diary.includes("page: holding"), "the worker's update");
    stage.network.reset();
    await until(() => onServer.includes("resumed"), "the resume", polling.timeout);
    expect(await agent.ask("page", 2)).toMatchObject({ answer: { total: 2 } });
    expect(stage.sessions).toHaveLength(1);
    await page.close();
    await stage.agents.close({ graceMs: 0 });
    await asked;
  });
});
