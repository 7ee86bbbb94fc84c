import { describe, expect, it } from "vitest";
import { Inbox, Turn } from "../../src/util/index.ts";
import { turns } from "../support/settled.ts";

function byHand(count: number) {
  const handled: number[] = [];
  const releases: (() => void)[] = [];
  const inbox = new Inbox<number>({
    turn: new Turn(),
    handle: (item) => {
      handled.push(item);
      return new Promise((resolve) => releases.push(resolve));
    },
    onError: () => {},
  });
  for (let item = 0; item < count; item++) inbox.push(item, false);
  return { inbox, handled, release: () => releases.shift()?.() };
}

describe("an inbox", () => {
  it("does not count what is dropped from behind a mark as handled before it", async () => {
    const { inbox, release } = byHand(3);
    await turns();
    let flushed = false;
    const marked = inbox.flushed().then(() => {
      flushed = true;
    });
    for (let item = 3; item < 8; item++) inbox.push(item, false);
    // One in hand, one kept and one dropped before the mark; the rest is behind it.
    expect(inbox.retain((item) => item === 1 || item === 7)).toBe(5);
    await turns();
    release();
    await turns();
    expect(flushed).toBe(false);
    release();
    await marked;
    inbox.close();
  });

  it("that is paused hands out urgent items only, and goes on in order", async () => {
    const { inbox, handled, release } = byHand(2);
    inbox.pause();
    inbox.push(100, true);
    await turns();
    expect(handled).toEqual([100]);
    expect(inbox.some((item) => item === 1)).toBe(true);
    inbox.resume();
    inbox.resume();
    await turns();
    expect(handled).toEqual([100, 0]);
    inbox.pause();
    release();
    release();
    await turns();
    expect(handled).toEqual([100, 0]);
    inbox.resume();
    await turns();
    expect(handled).toEqual([100, 0, 1]);
    inbox.close();
  });
});
