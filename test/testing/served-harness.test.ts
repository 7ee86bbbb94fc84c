import {
  BaseAgent,
  type BaseAgentOptions,
  BusFrameMessage,
  type LinkOptions,
  type TaskRequest,
  TextFrame,
  WebSocketProxyClientAgent,
} from "trunkline";
import { WebSocketProxyServerAgent } from "trunkline/server";
import { MovableClock, type ServedHarnessOptions, servedHarness } from "trunkline/testing";
import { describe, expect, it } from "vitest";

class Clerk extends BaseAgent {
  release = () => {};
  override tasks = {
    double: async ({ payload }: TaskRequest<{ n: number }>) => ({ doubled: payload.n * 2 }),
    hold: async (task: TaskRequest) => {
      const released = new Promise<void>((resolve) => {
        this.release = resolve;
      });
      await task.update("holding");
      await released;
      return "held";
    },
  };
}

type Bus = BaseAgentOptions["bus"];
type Options = Pick<ServedHarnessOptions<readonly BaseAgent[], readonly BaseAgent[]>, "delayTurns"> & {
  readonly client?: LinkOptions;
  readonly server?: LinkOptions;
};

/** `acme` with its proxy, and `clerk` at the server; both links on one clock. */
async function served({ client, server, delayTurns }: Options = {}) {
  const clock = new MovableClock();
  const forwardMessages = [BusFrameMessage];
  const atServer = { clock, ...server };
  const told: string[] = [];
  const h = await servedHarness({
    delayTurns,
    link: atServer,
    client: (bus, dial) => {
      const names = { localAgentName: "acme", remoteAgentName: "clerk" };
      // No randomness: it comes back after 100 ms.
      const link = { clock, random: () => 0, ...client };
      const proxy = new WebSocketProxyClientAgent("proxy", {
        bus,
        url: "ws://memory",
        dial,
        link,
        forwardMessages,
        ...names,
      });
      return [new BaseAgent("acme", { bus }), proxy];
    },
    server: (bus: Bus, websocket) => {
      const names = { agentName: "clerk", remoteAgentName: "acme" };
      const proxy = new WebSocketProxyServerAgent("gateway", {
        bus,
        websocket,
        link: atServer,
        forwardMessages,
        ...names,
      });
      proxy.on("interrupted", ({ code }) => void told.push(`interrupted ${code}`));
      proxy.on("resumed", () => void told.push("resumed"));
      proxy.on("clientDisconnected", ({ lost }) => void told.push(`over: ${lost}`));
      return [new Clerk("clerk", { bus }), proxy];
    },
  });
  const [acme, proxy] = h.client.agents;
  const once = <E extends "interrupted" | "resumed" | "connected" | "disconnected" | "connectFailed">(event: E) =>
    new Promise<unknown>((resolve) => proxy.once(event, (data: unknown) => resolve(data)));
  return { h, clock, told, acme, proxy, once, [Symbol.asyncDispose]: () => h[Symbol.asyncDispose]() };
}

async function connected(options?: Options) {
  const world = await served(options);
  await world.acme.activateAgent("proxy");
  const session = await world.h.session();
  await world.acme.task("clerk", { name: "double", payload: { n: 1 }, timeoutMs: 2_000 });
  return { ...world, session };
}

describe("a served harness", () => {
  it("resumes a session over another connection, and a task in flight does not notice", async () => {
    await using world = await connected();
    const { h, acme, clock, once, session, told } = world;
    const run = acme.task("clerk", { name: "hold" });
    for await (const { data } of run) {
      expect(data).toBe("holding");
      break;
    }
    const [interrupted, resumed] = [once("interrupted"), once("resumed")];
    h.sockets.cut();
    expect(await interrupted).toMatchObject({ code: 1006 });
    session.agents[0].release();
    clock.advance(100);
    await resumed;
    expect(await run).toBe("held");
    expect(told).toEqual(["interrupted 1006", "resumed"]);
    expect([h.sessions.length, h.connections.length]).toEqual([1, 2]);
    expect(h.sockets).toBe(h.connections[1]);
  });

  it.each([1, 4])("loses nothing and doubles nothing over ten cuts, %i turns apart", async (delayTurns) => {
    await using world = await connected({ delayTurns });
    const { h, clock, once, session } = world;
    const say = (bus: Bus, source: string, n: number) =>
      bus.send(new BusFrameMessage({ source, frame: new TextFrame({ text: String(n) }), direction: "downstream" }));
    const heard = ({ recording }: (typeof h)["client"] | typeof session, from: string) =>
      recording
        .messages(BusFrameMessage)
        .flatMap(({ source, frame }) => (source === from && frame instanceof TextFrame ? [Number(frame.text)] : []));
    for (let cut = 0; cut < 10; cut++) {
      for (let n = cut * 10; n < cut * 10 + 10; n++) {
        await Promise.all([say(h.client.bus, "acme", n), say(session.bus, "clerk", n)]);
      }
      const resumed = once("resumed");
      h.sockets.cut();
      clock.advance(100);
      await resumed;
    }
    const is99 = (message: unknown) =>
      message instanceof BusFrameMessage && message.frame instanceof TextFrame && message.frame.text === "99";
    await h.client.recording.waitFor((message) => message.source === "clerk" && is99(message));
    await session.recording.waitFor((message) => message.source === "acme" && is99(message));
    const all = Array.from({ length: 100 }, (_, n) => n);
    expect(heard(session, "acme")).toEqual(all);
    expect(heard(h.client, "clerk")).toEqual(all);
    expect(h.connections.length).toBe(11);
  });

  it("is interrupted with 4408 when the network falls silent, and resumes when it is not", async () => {
    await using world = await connected();
    const { h, clock, once } = world;
    const [interrupted, resumed] = [once("interrupted"), once("resumed")];
    h.sockets.hold();
    for (let seconds = 0; seconds < 25; seconds += 5) clock.advance(5_000);
    expect(await interrupted).toMatchObject({ code: 4408 });
    clock.advance(100);
    await resumed;
  });

  it("loses a session for which nobody comes back in its window, and the next one is another", async () => {
    await using world = await connected({ server: { windowMs: 10_000 } });
    const { h, acme, clock, once, told } = world;
    h.client.expectError("TL_CONNECT_FAILED");
    const [failed, disconnected] = [once("interrupted"), once("disconnected")];
    h.refuse();
    h.sockets.cut();
    await failed;
    clock.advance(100);
    await h.client.waitForError("TL_CONNECT_FAILED");
    clock.advance(10_000);
    expect(await disconnected).toMatchObject({ lost: "expired" });
    expect(told).toEqual(["interrupted 1006", "over: expired"]);
    h.allow();
    await acme.activateAgent("proxy");
    const second = await h.session({ count: 2 });
    expect(second).not.toBe(h.sessions[0]);
    expect(await acme.task("clerk", { name: "double", payload: { n: 2 } })).toEqual({ doubled: 4 });
  });

  it.each([
    ["the server's", { server: { resume: "off" } }],
    ["the client's", { client: { resume: "off" } }],
  ] as const)("has a plain session where %s link does not resume", async (_whose, options) => {
    await using world = await connected(options);
    const disconnected = world.once("disconnected");
    world.h.sockets.cut();
    expect(await disconnected).toMatchObject({ code: 1006, lost: "plain" });
    expect(world.told).toEqual(["over: plain"]);
  });

  it.each([
    [
      "the server",
      { server: { resume: "require" }, client: { resume: "off", connectAttempts: 1 } },
      "TL_CONNECT_FAILED",
    ],
    ["the client", { server: { resume: "off" }, client: { resume: "require" } }, "TL_RESUME_UNAVAILABLE"],
  ] as const)(
    "refuses a connection where %s requires that it resumes and the other does not",
    async (_who, options, code) => {
      await using world = await served(options);
      await world.acme.activateAgent("proxy");
      await world.h.client.waitForError(code);
    },
  );

  it("fails the test for what is wrong on either side, and on both", async () => {
    const { h } = await connected();
    h.sessions[0]?.expectError("TL_QUEUE_FULL");
    await expect(h.end()).rejects.toThrow("TL_QUEUE_FULL was expected");
    await expect(h[Symbol.asyncDispose]()).resolves.toBeUndefined();
    const { h: other } = await connected();
    for (const side of [other.client, ...other.sessions]) side.expectError("TL_QUEUE_FULL");
    await expect(other.end()).rejects.toBeInstanceOf(AggregateError);
  });

  it("fails the test for a timer that still runs", async () => {
    const { h } = await connected();
    const timer = setTimeout(() => {}, 60_000);
    await expect(h.end()).rejects.toThrow("A timer still runs");
    clearTimeout(timer);
  });

  it("tells of a session that does not start, and leaves nothing of it", async () => {
    const h = await servedHarness({
      client: (bus, dial) => {
        const names = { localAgentName: "acme", remoteAgentName: "clerk" };
        return [new WebSocketProxyClientAgent("proxy", { bus, url: "ws://memory", dial, ...names })];
      },
      server: () => {
        throw new Error("not today");
      },
    });
    await h.client.agents[0].activateAgent("proxy");
    await h.client.waitForError("TL_CONNECT_FAILED");
    await expect(h.end()).rejects.toThrow("not today");
  });

  it("leaves nothing when the client does not start", async () => {
    const client = () => {
      throw new Error("not today");
    };
    await expect(servedHarness({ client, server: () => [] })).rejects.toThrow("not today");
  });

  it("has no connection to break before there is one", async () => {
    await using world = await served();
    expect(() => world.h.sockets).toThrow(expect.objectContaining({ code: "TL_TEST_FAILED" }));
  });
});
