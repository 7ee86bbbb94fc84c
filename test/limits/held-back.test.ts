import { afterEach, describe, expect, it, vi } from "vitest";
import { Brake } from "../../src/proxy/brake.ts";
import { until } from "../support/settled.ts";
import { HeldBack } from "./held-back.ts";

afterEach(() => {
  vi.useRealTimers();
});

describe("a peer that sends faster than the agents handle", () => {
  it("stops at its bound once half of maxWaitingBytes waits; nothing is refused, and all of it arrives later", async () => {
    await using h = await HeldBack.joined({ maxWaitingBytes: 1_000_000, link: { maxQueuedBytes: 200_000 } });
    h.say(100, 20_000);
    await h.stoppedAfter(() => h.bytesIn > 500_000);
    // What was read at once, what its bound allows it, and what its frames are beside their text.
    expect(h.bytesIn).toBeLessThan(500_000 + 2 * 200_000);
    h.slow.release();
    await until(() => h.taken === 100, "all being handled");
    expect(h.refused).toEqual([]);
  });

  it("stops at its bound once 16,384 messages wait, whatever their size", async () => {
    await using h = await HeldBack.joined({});
    h.say(25_000);
    await h.stoppedAfter(() => h.framesIn > 16_384);
    expect(h.framesIn).toBeLessThan(16_384 + 2 * 2_048);
    h.slow.release();
    await until(() => h.taken === 25_000, "all being handled");
    expect(h.refused).toEqual([]);
  });

  it("is let go after 5 s in which nothing was handled; what is too much then is refused", async () => {
    await using h = await HeldBack.joined({ maxWaitingBytes: 1_000_000, link: { maxQueuedBytes: 200_000 } });
    h.say(150, 20_000);
    await until(() => h.bytesIn > 500_000, "half of what may wait");
    const begun = performance.now();
    await until(() => h.refused.length > 0, "it being let go", 10_000);
    expect(performance.now() - begun).toBeGreaterThan(4_500);
    await until(() => h.refused.length > 80, "the rest being refused");
    expect(new Set(h.refused.map(({ cause }) => cause))).toEqual(new Set(["full"]));
  });

  it("is not held back over a plain connection: what is too much is refused", async () => {
    await using h = await HeldBack.joined({ maxWaitingBytes: 1_000_000, link: { resume: "off" } });
    const begun = performance.now();
    h.say(150, 20_000);
    await until(() => h.refused.length > 80, "what is too much being refused");
    expect(performance.now() - begun).toBeLessThan(4_500);
    expect(new Set(h.refused.map(({ cause }) => cause))).toEqual(new Set(["full"]));
  });
});

describe("a brake", () => {
  const held: boolean[] = [];
  const brake = (): Brake => {
    held.length = 0;
    const hold = (on: boolean): void => void held.push(on);
    return new Brake({ maxBytes: 100, maxMessages: 10, patienceMs: 5_000, hold });
  };

  it("holds from its bound on, in bytes or in messages, down to half of it", () => {
    vi.useFakeTimers();
    const it = brake();
    it.more({ bytes: 99, messages: 9 });
    expect(held).toEqual([]);
    it.more({ bytes: 100, messages: 1 });
    it.less({ bytes: 51, messages: 1 });
    expect(held).toEqual([true]);
    it.less({ bytes: 50, messages: 1 });
    expect(held).toEqual([true, false]);
    it.more({ bytes: 0, messages: 10 });
    it.less({ bytes: 0, messages: 6 });
    expect(held).toEqual([true, false, true]);
    it.less({ bytes: 0, messages: 5 });
    expect(held).toEqual([true, false, true, false]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("lets go when nothing at all is handled for its patience, and holds again only after something was", () => {
    vi.useFakeTimers();
    const it = brake();
    const much = { bytes: 100, messages: 1 };
    it.more(much);
    vi.advanceTimersByTime(4_999);
    it.less(much);
    vi.advanceTimersByTime(4_999);
    expect(held).toEqual([true]);
    vi.advanceTimersByTime(1);
    it.more(much);
    expect(held).toEqual([true, false]);
    it.less(much);
    it.more(much);
    expect(held).toEqual([true, false, true]);
    it.end();
    expect([held.at(-1), vi.getTimerCount()]).toEqual([false, 0]);
  });

  it("lets a peer go that does not take what is sent to it, for as long as it does not", () => {
    vi.useFakeTimers();
    const it = brake();
    const much = { bytes: 100, messages: 1 };
    it.more(much);
    it.peerIsSlow(true);
    it.more(much);
    expect(held).toEqual([true, false]);
    it.peerIsSlow(false);
    it.more(much);
    expect(held).toEqual([true, false, true]);
    it.end();
  });
});
