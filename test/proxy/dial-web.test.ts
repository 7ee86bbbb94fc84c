import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { dialing } from "../../src/proxy/dial.web.ts";
import { AskedServer, offered, type Selection, StandardWebSocket } from "./dial-stage.ts";

const protocols = [offered];
const none: Selection = () => false;
const ours: Selection = () => offered;
const withIt = `/ws ${offered}`;
const without = "/ws -";

const platforms: [string, unknown][] = [["as the standard says", StandardWebSocket]];
if ("WebSocket" in globalThis) platforms.push(["of this platform", globalThis.WebSocket]);

let server: AskedServer;
afterEach(async () => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  await server[Symbol.asyncDispose]();
});

it("waits no longer for the URL of the second try than for the rest", async () => {
  vi.stubGlobal("WebSocket", StandardWebSocket);
  server = await AskedServer.listen(none);
  const { url, asked } = server;
  const never = () => new Promise<string>(() => {});
  await expect(dialing()(url, { protocols, nextUrl: never, timeoutMs: 300 })).rejects.toMatchObject({
    code: "TL_CONNECT_FAILED",
    message: expect.stringContaining("did not answer within 300 ms"),
  });
  expect(asked).toEqual([withIt]);
});

describe.each(platforms)("dial.web with a WebSocket %s", (_platform, websocket) => {
  beforeEach(() => void vi.stubGlobal("WebSocket", websocket));

  async function listening(select: Selection, port?: number): Promise<AskedServer> {
    server = await AskedServer.listen(select, port);
    return server;
  }

  /** Dials, and says what was agreed. */
  async function agreed(dial: ReturnType<typeof dialing>, url: string, options = {}): Promise<string> {
    const socket = await dial(url, { protocols, ...options });
    socket.terminate();
    return socket.protocol;
  }

  it("dials once where the server selects what is offered", async () => {
    const { url, asked } = await listening(ours);
    expect(await agreed(dialing(), url)).toBe(offered);
    expect(asked).toEqual([withIt]);
  });

  it("dials again without where it selects none, and begins without from then on", async () => {
    const { url, asked } = await listening(none);
    const dial = dialing();
    expect(await agreed(dial, `${url}?token=1`)).toBe("");
    expect(await agreed(dial, `${url}?token=2`)).toBe("");
    expect(await agreed(dial, `${url}?token=3`)).toBe("");
    expect(asked).toEqual([`/ws?token=1 ${offered}`, "/ws?token=1 -", "/ws?token=2 -", "/ws?token=3 -"]);
    await vi.waitFor(() => expect(server.connections).toBe(0));
  });

  it("takes a URL of its own for the second try, where it is given one", async () => {
    const { url, asked } = await listening(none);
    expect(await agreed(dialing(), `${url}?token=1`, { nextUrl: async () => `${url}?token=2` })).toBe("");
    expect(asked).toEqual([`/ws?token=1 ${offered}`, "/ws?token=2 -"]);
  });

  it("refuses a URL for the second try that is none, and does not quote it", async () => {
    const { url } = await listening(none);
    const dialed = dialing()(url, { protocols, nextUrl: () => "nowhere?token=secret" });
    await expect(dialed).rejects.toMatchObject({
      code: "TL_CONNECT_FAILED",
      message: expect.not.stringContaining("secret"),
    });
  });

  it("remembers that of one URL and one caller alone", async () => {
    const { url, asked } = await listening(none);
    const dial = dialing();
    await agreed(dial, url);
    await agreed(dial, `${url}/other`);
    await agreed(dialing(), url);
    expect(asked).toEqual([withIt, without, `/ws/other ${offered}`, "/ws/other -", withIt, without]);
  });

  it("offers nothing, and dials once, where it is told of nothing", async () => {
    const { url, asked } = await listening(none);
    await agreed(dialing(), url, { protocols: undefined });
    expect(asked).toEqual([without]);
    server.admits = () => false;
    await expect(dialing()(url)).rejects.toMatchObject({ code: "TL_CONNECT_FAILED" });
    expect(asked).toHaveLength(2);
  });

  it("remembers nothing of a server that opens neither way", async () => {
    const { url, asked } = await listening(none);
    server.admits = () => false;
    const dial = dialing();
    for (let i = 0; i < 2; i++) {
      await expect(dial(url, { protocols })).rejects.toMatchObject({
        code: "TL_CONNECT_FAILED",
        message: expect.stringContaining("does not say why"),
      });
    }
    expect(asked).toEqual([withIt, without, withIt, without]);
  });

  it("forgets when a dial without it fails: another server may come", async () => {
    const { url, port } = await listening(none);
    const dial = dialing();
    await agreed(dial, url);
    await server[Symbol.asyncDispose]();
    await expect(dial(url, { protocols })).rejects.toMatchObject({ code: "TL_CONNECT_FAILED" });
    const { asked } = await listening(ours, port);
    expect(await agreed(dial, url)).toBe(offered);
    expect(asked).toEqual([withIt]);
  });

  it("offers again to a server that has agreed before and opened without for once", async () => {
    const { url, asked } = await listening(ours);
    const dial = dialing();
    expect(await agreed(dial, url)).toBe(offered);
    const answers = [false, true, true];
    server.admits = () => answers.shift() ?? true;
    expect(await agreed(dial, url)).toBe("");
    expect(await agreed(dial, url)).toBe(offered);
    expect(asked).toEqual([withIt, withIt, without, withIt]);
  });

  it("does not dial without what is required, and says what that is", async () => {
    const { url, asked } = await listening(none);
    const dial = dialing();
    const required = { protocols, required: true };
    await expect(dial(url, required)).rejects.toMatchObject({
      code: "TL_CONNECT_FAILED",
      message: expect.stringContaining(`does it know the subprotocol ${offered}`),
    });
    expect(asked).toEqual([withIt]);
    await agreed(dial, url);
    await expect(dial(url, required)).rejects.toMatchObject({ code: "TL_CONNECT_FAILED" });
    expect(asked).toEqual([withIt, withIt, without, withIt]);
  });

  it("has one time for both tries", async () => {
    const { url, asked } = await listening(none);
    const answers: ((admitted: boolean) => void)[] = [];
    server.admits = () => new Promise((resolve) => answers.push(resolve));
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const timers = timersOf(1_000);
    const failed = vi.fn();
    const dialed = dialing()(url, { protocols, timeoutMs: 1_000 }).catch(failed);
    await untilAsked(1);
    await vi.advanceTimersByTimeAsync(600);
    answers[0]?.(false);
    await untilAsked(2);
    await vi.advanceTimersByTimeAsync(399);
    expect(failed).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await dialed;
    expect(failed.mock.calls).toMatchObject([
      [{ code: "TL_CONNECT_FAILED", message: expect.stringMatching(/1000 ms/) }],
    ]);
    expect(timers()).toEqual({ set: 1, cleared: 1 });
    expect(asked).toEqual([withIt, without]);
    vi.useRealTimers();
    await vi.waitFor(() => expect(server.connections).toBe(0));
  });

  it.each([1, 2])("gives up in the middle of try %i, and begins no other", async (nth) => {
    const { url, asked } = await listening(none);
    let tries = 0;
    server.admits = () => {
      tries += 1;
      return tries < nth ? false : new Promise(() => undefined);
    };
    const timers = timersOf(1_234);
    const controller = new AbortController();
    const dialed = dialing()(url, { protocols, signal: controller.signal, timeoutMs: 1_234 });
    const refused = expect(dialed).rejects.toMatchObject({
      code: "TL_CONNECT_FAILED",
      message: expect.stringContaining("given up"),
      cause: "enough",
    });
    await untilAsked(nth);
    controller.abort("enough");
    await refused;
    expect(timers()).toEqual({ set: 1, cleared: 1 });
    await vi.waitFor(() => expect(server.connections).toBe(0));
    expect(asked).toHaveLength(nth);
  });

  it("says at once, and once, that a URL is not one for a WebSocket", async () => {
    await listening(none);
    await expect(dialing()(`${server.url}#fragment`, { protocols: ["not a name"] })).rejects.toMatchObject({
      code: "TL_CONNECT_FAILED",
      message: expect.stringContaining("could not begin"),
    });
    expect(server.asked).toEqual([]);
  });

  /** Counts timers by how long they are: a platform may have some of its own. */
  function timersOf(delayMs: number): () => { set: number; cleared: number } {
    const setting = vi.spyOn(globalThis, "setTimeout");
    const clearing = vi.spyOn(globalThis, "clearTimeout");
    return () => {
      const timers = setting.mock.results.filter((_, i) => setting.mock.calls[i]?.[1] === delayMs);
      const cleared = timers.filter(({ value }) => clearing.mock.calls.some(([timer]) => timer === value));
      return { set: timers.length, cleared: cleared.length };
    };
  }

  // By turns of the event loop: the timers are the test's.
  async function untilAsked(times: number): Promise<void> {
    while (server.asked.length < times) await new Promise((resolve) => setImmediate(resolve));
  }
});

it("dial.web gives up between its tries", async () => {
  server = await AskedServer.listen(none);
  const controller = new AbortController();
  class FailedLast extends StandardWebSocket {
    // What is done with a try that has failed.
    override removeEventListener(type: "open", listener: () => void): void {
      super.removeEventListener(type, listener);
      controller.abort("enough");
    }
  }
  vi.stubGlobal("WebSocket", FailedLast);
  const dialed = dialing()(server.url, { protocols, signal: controller.signal });
  await expect(dialed).rejects.toMatchObject({ code: "TL_CONNECT_FAILED", cause: "enough" });
  expect(server.asked).toEqual([withIt]);
  await vi.waitFor(() => expect(server.connections).toBe(0));
});
