import fc from "fast-check";
import { MovableClock } from "trunkline/testing";
import { describe, expect, it } from "vitest";

describe("a movable clock", () => {
  it("stands still until it is moved, and calls what falls due at its own time", () => {
    const clock = new MovableClock(1_000);
    const calls: string[] = [];
    clock.after(20, () => calls.push(`b at ${clock.now()}`));
    clock.after(10, () => {
      calls.push(`a at ${clock.now()}`);
      clock.after(5, () => calls.push(`a2 at ${clock.now()}`));
    });
    expect([clock.now(), clock.pending]).toEqual([1_000, 2]);
    clock.advance(9);
    expect(calls).toEqual([]);
    clock.advance(11);
    expect(calls).toEqual(["a at 1010", "a2 at 1015", "b at 1020"]);
    expect([clock.now(), clock.pending]).toEqual([1_020, 0]);
  });

  it("forgets what was taken back, also in the middle of a move", () => {
    const clock = new MovableClock();
    const calls: string[] = [];
    const second = clock.after(2, () => calls.push("second"));
    clock.after(1, second);
    clock.after(3, () => calls.push("third"));
    clock.advance(10);
    second();
    expect(calls).toEqual(["third"]);
  });

  it("calls late what fell due while nothing could run", () => {
    const clock = new MovableClock();
    const calls: number[] = [];
    for (const delayMs of [2, 1]) clock.after(delayMs, () => calls.push(delayMs, clock.now()));
    clock.stall(100);
    expect(calls).toEqual([1, 100, 2, 100]);
  });

  it("calls everything once, in the order of time, however it is moved", () => {
    const delays = fc.array(fc.nat(50), { maxLength: 20 });
    fc.assert(
      fc.property(delays, fc.array(fc.nat(30), { maxLength: 10 }), (asked, moves) => {
        const clock = new MovableClock();
        const calls: { readonly at: number; readonly delayMs: number }[] = [];
        for (const delayMs of asked) clock.after(delayMs, () => calls.push({ at: clock.now(), delayMs }));
        for (const byMs of moves) clock.advance(byMs);
        const now = moves.reduce((sum, byMs) => sum + byMs, 0);
        expect(clock.now()).toBe(now);
        expect(calls.map(({ at }) => at)).toEqual(calls.map(({ delayMs }) => delayMs));
        const due = moves.length === 0 ? [] : asked.filter((delayMs) => delayMs <= now);
        expect(calls.map(({ delayMs }) => delayMs)).toEqual([...due].sort((a, b) => a - b));
        expect(clock.pending).toBe(asked.length - due.length);
      }),
    );
  });

  it("refuses to go back, and to run for ever", () => {
    const clock = new MovableClock();
    for (const wrong of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => clock.advance(wrong)).toThrow(expect.objectContaining({ code: "TL_INVALID_OPTION" }));
      expect(() => clock.stall(wrong)).toThrow(expect.objectContaining({ code: "TL_INVALID_OPTION" }));
    }
    const again = () => void clock.after(0, again);
    again();
    expect(() => clock.advance(1)).toThrow(expect.objectContaining({ code: "TL_TEST_FAILED" }));
  });
});
