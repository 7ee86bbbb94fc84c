import { BusAgentRegistryMessage, BusTaskRequestMessage } from "trunkline";
import type { ServeAgentsOptions } from "trunkline/server";
import { MovableClock } from "trunkline/testing";
import { describe, expect, it } from "vitest";
import { until } from "../support/settled.ts";
import { type HandClient, messageOf } from "./hand-client.ts";
import { interrupt, type Joined, Stage } from "./server-stage.ts";

interface Loss extends AsyncDisposable {
  readonly stage: Stage;
  readonly joined: Joined;
}

const long = "x".repeat(5_000);
const many = (count: number, text = "lost"): string[] => Array.from({ length: count }, () => text);

/** Each way a suspended session can end, up to where it has ended. The client has received all but what is lost. */
const losses: Record<string, (before: (joined: Joined) => Promise<void>) => Promise<Loss>> = {
  expired: async (before) => {
    const clock = new MovableClock();
    const { stage, joined } = await joinedAt({ link: { clock, windowMs: 3_000 } });
    await before(joined);
    await interrupt(joined);
    await joined.staged.say("one", "two");
    clock.advance(2_999);
    expect(joined.staged.told("sessionLost")).toEqual([]);
    clock.advance(1);
    return lossAt(stage, joined);
  },
  overflow: async (before) => {
    const { stage, joined } = await joinedAt({ link: { maxQueuedFrames: 10 } });
    await before(joined);
    await interrupt(joined);
    joined.staged.offer(...many(12));
    return lossAt(stage, joined);
  },
  pressure: async (before) => {
    const { stage, joined } = await joinedAt({ maxSuspendedBytes: 30_000 });
    await before(joined);
    await interrupt(joined);
    await joined.staged.say(...many(4, long));
    const younger = await stage.joined();
    await interrupt(younger);
    await younger.staged.say(...many(4, long));
    await joined.staged.tells("sessionLost");
    expect(younger.staged.told("sessionLost")).toEqual([]);
    await younger.client.resume();
    return lossAt(stage, joined);
  },
};

async function joinedAt(options: ServeAgentsOptions): Promise<{ stage: Stage; joined: Joined }> {
  const stage = await Stage.open(options);
  return { stage, joined: await stage.joined() };
}

async function lossAt(stage: Stage, joined: Joined): Promise<Loss> {
  await joined.staged.tells("clientDisconnected");
  return { stage, joined, [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose]() };
}

const registriesIn = (client: HandClient): number =>
  client.frames.filter((frame) => messageOf(frame) instanceof BusAgentRegistryMessage).length;

describe.each(Object.entries(losses))("a session that is lost: %s", (reason, lose) => {
  it("trap 10: is told once on the server, with a bound, and to the client on its return; nothing of it is said again", async () => {
    await using loss = await lose(async () => {});
    const { stage, joined } = loss;
    const { client, staged } = joined;
    const told = staged.events.map(({ name }) => name).filter((name) => name !== "rejected");
    expect(told).toEqual(["clientConnected", "interrupted", "sessionLost", "clientDisconnected"]);
    const [lost] = staged.told("sessionLost") as { reason: string; unacknowledged: number }[];
    expect(lost?.reason).toBe(reason);
    const notSent = staged.told("rejected").filter((data) => (data as { direction: string }).direction === "outbound");
    const offered = { expired: 2, overflow: 12, pressure: 4 }[reason] as number;
    expect((lost?.unacknowledged ?? 0) + notSent.length).toBeGreaterThanOrEqual(offered);
    // The announcement may be among them, should its acknowledgement have been lost.
    expect(lost?.unacknowledged).toBeLessThanOrEqual(offered + 1);
    expect(staged.told("clientDisconnected")).toMatchObject([
      { clean: false, lost: reason, unacknowledged: lost?.unacknowledged },
    ]);
    await until(() => staged.session.signal.aborted, "the session being over");

    const sid = client.sid;
    const welcome = await client.comeBackTooLate();
    expect(welcome).toMatchObject({ t: "welcome", lost: reason, windowMs: expect.any(Number) });
    expect(welcome.sid).not.toBe(sid);
    await client.hears(({ received }) => received === 1, "the new session's assistant being announced");
    const fresh = stage.sessions.at(-1);
    expect(fresh?.session).not.toBe(staged.session);
    client.say("anew");
    await until(() => fresh?.texts.length === 1, "the new session being served");
    expect(client.texts).toEqual([]);
    expect(staged.told("sessionLost")).toHaveLength(1);
    expect(staged.told("clientDisconnected")).toHaveLength(1);
    expect(fresh?.told("sessionLost")).toEqual([]);
    expect(stage.errors).toEqual([]);
  });

  it("trap 15: the assistant is announced again in the new session, and was not after resumes", async () => {
    await using loss = await lose(async ({ client, staged }) => {
      expect(registriesIn(client)).toBe(1);
      for (let round = 0; round < 3; round++) {
        await interrupt({ client, staged });
        await client.resume();
        await staged.say(`round ${round}`);
        await client.hears(({ texts }) => texts.length === round + 1);
      }
      expect(registriesIn(client)).toBe(1);
      expect(staged.told("clientConnected")).toHaveLength(1);
    });
    const { client } = loss.joined;
    await client.comeBackTooLate();
    await client.hears(({ received }) => received === 1, "the new session's assistant being announced");
    expect(registriesIn(client)).toBe(1);
  });

  it("fails the tasks in flight, those the assistant asked with the reason `link lost`, and cancels those it does", async () => {
    let failed: PromiseLike<unknown> | undefined;
    await using loss = await lose(async ({ client, staged }) => {
      client.say(new BusTaskRequestMessage({ source: "acme", target: "assistant", taskId: "h", taskName: "hold" }));
      await until(() => staged.assistant.held.length === 1, "the task being held");
      const asked = staged.assistant.task("acme", { name: "think", timeoutMs: 60_000 });
      failed = asked.then(
        () => "answered",
        (error: unknown) => error,
      );
      await client.hears(({ received }) => received === 2, "the request");
    });
    expect(await failed).toMatchObject({ code: "TL_TASK_FAILED", agentName: "acme", reason: "link lost" });
    await until(() => loss.joined.staged.assistant.held[0]?.signal.aborted === true, "the held task being cancelled");
  });
});

describe("a session that is lost: mismatch", () => {
  // The server has said three frames, of which the client has acknowledged two.
  it.each([
    ["beyond what was sent", 4, false],
    ["beyond what was sent", 2 ** 53 - 1, true],
    ["below what was acknowledged", 1, true],
    ["below what was acknowledged", 0, false],
  ])("trap 5: by a hello with its token and a count %s (%i, suspended: %s)", async (_what, received, suspended) => {
    await using stage = await Stage.open();
    const { client, staged } = await stage.joined();
    client.acknowledges = false;
    await staged.say("one", "two");
    await client.hears((it) => it.received === 3);
    client.acknowledge(2);
    client.say("behind the acknowledgement");
    await until(() => staged.texts.length === 1, "the text");
    const old = client.socket;
    if (suspended) await interrupt({ client, staged });
    const { sid } = client;
    const socket = await client.connect({ received });
    const welcome = await socket.control("welcome");
    expect(welcome).toMatchObject({ lost: "mismatch" });
    expect(welcome.sid).not.toBe(sid);
    await staged.tells("clientDisconnected");
    expect(staged.told("sessionLost")).toEqual([{ reason: "mismatch", unacknowledged: 1 }]);
    expect(staged.told("clientDisconnected")).toMatchObject([{ lost: "mismatch", unacknowledged: 1 }]);
    await old.ended();
    await client.hears((it) => it.received === 1, "the new session's assistant being announced");
    expect(stage.sessions).toHaveLength(2);
    await client.cut();
    expect(await client.resume()).toMatchObject({ received: 0 });
  });
});
