import { describe, expect, it } from "vitest";
import { MemoryMeter } from "./memory-meter.ts";
import { NumberedReceiver, NumberedSender } from "./numbered.ts";
import { perform, seedFor } from "./perform.ts";
import type { Proof } from "./proof.ts";
import { RejectionWatch } from "./rejection-watch.ts";
import { StallMeter } from "./stall-meter.ts";
import { machine, tableOf, withTable } from "./table.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("what the proofs measure with", () => {
  it("a numbered stream tells the lost, the doubled, the late and the damaged apart", () => {
    const sender = new NumberedSender(7);
    const messages = Array.from({ length: 10 }, () => sender.nextBytes(40));
    const receiver = new NumberedReceiver(7);
    const order = [1, 2, 4, 4, 3, 5, 8, 8, 8];
    for (const number of order) receiver.takeBytes(messages[number - 1] as Uint8Array);
    const { received, doubled, outOfOrder, damaged } = receiver;
    expect({ received, doubled, outOfOrder, damaged }).toEqual({ received: 9, doubled: 3, outOfOrder: 1, damaged: 0 });
    // 6, 7, 9 and 10.
    expect(receiver.lost(sender.sent)).toBe(4);
    receiver.takeBytes(new NumberedSender(8).nextBytes(40));
    receiver.takeBytes((messages[8] as Uint8Array).with(39, 1 ^ ((messages[8] as Uint8Array)[39] ?? 0)));
    receiver.takeBytes(new Uint8Array(3));
    expect(receiver.damaged).toBe(3);
    expect(receiver.problems(10, "up")).toHaveLength(4);
  });

  it("a stream that came as it was sent has no problems", () => {
    const sender = new NumberedSender(1);
    const receiver = new NumberedReceiver(1);
    for (let index = 0; index < 1_000; index += 1) receiver.takeBytes(sender.nextBytes(index));
    expect(receiver.problems(sender.sent, "up")).toEqual([]);
  });

  it("the memory that is kept is told from the memory that is let go", async () => {
    const meter = await MemoryMeter.started();
    const kept = new Uint8Array(8_000_000).fill(1);
    let passing: Uint8Array | undefined = new Uint8Array(30_000_000).fill(1);
    meter.sample();
    expect(passing.length).toBe(30_000_000);
    passing = undefined;
    const left = await meter.stop();
    expect(meter.peakBytes).toBeGreaterThan(37_000_000);
    expect(left).toBeGreaterThan(7_000_000);
    expect(left).toBeLessThan(20_000_000);
    expect(kept.length).toBe(8_000_000);
  });

  it("a stall is measured, and one that takes no processor time is not our own", async () => {
    const busy = new StallMeter();
    await new Promise((resolve) => setTimeout(resolve, 10));
    // By its processor time: on a busy machine little of it may come in that many milliseconds.
    const { user: before } = process.cpuUsage();
    while (process.cpuUsage().user - before < 80_000);
    busy.stop();
    expect(busy.longestMs).toBeGreaterThan(70);
    expect(busy.longestOwnMs).toBeGreaterThan(40);
    const idle = new StallMeter();
    await new Promise((resolve) => setTimeout(resolve, 10));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 120);
    idle.stop();
    expect(idle.longestMs).toBeGreaterThan(100);
    expect(idle.longestOwnMs).toBeLessThan(60);
  });

  it("a rejection that nobody handles is seen", async () => {
    const watch = new RejectionWatch();
    void Promise.reject(new Error("nobody"));
    await turn();
    watch.stop();
    expect(watch.seen).toEqual([expect.stringContaining("nobody")]);
  });
});

const options = { scale: "small", seed: 1, signal: new AbortController().signal, note: () => {} } as const;

describe("performing a proof", () => {
  it("the same seed gives the same numbers, and each proof has its own", async () => {
    const numbers: number[] = [];
    const drawing = (title: string): Proof => ({
      id: "P1",
      title,
      run: async ({ random }) => {
        numbers.push(random());
        return { passed: true, figures: [] };
      },
    });
    for (const title of ["one", "one", "other"]) await perform(drawing(title), options);
    expect(numbers[0]).toBe(numbers[1]);
    expect(numbers[0]).not.toBe(numbers[2]);
    expect(seedFor(1, "P1 one")).not.toBe(seedFor(2, "P1 one"));
  });

  it("one that throws has failed, and one that cannot be run is skipped with the reason", async () => {
    const throwing: Proof = { id: "P2", title: "throws", run: () => Promise.reject(new Error("oh")) };
    expect(await perform(throwing, options)).toMatchObject({
      verdict: "failed",
      problems: [expect.stringContaining("oh")],
    });
    const elsewhere: Proof = { ...throwing, title: "elsewhere", unavailable: () => "it needs root" };
    expect(await perform(elsewhere, options)).toMatchObject({ verdict: "skipped", problems: ["it needs root"] });
  });

  it("the table has a row for each, and takes the place of the one before", () => {
    const common = { id: "P1", figures: ["0 lost", "a | b"], problems: ["why"], seconds: 1 } as const;
    const rows = [
      { ...common, title: "one", verdict: "passed" },
      { ...common, title: "two", verdict: "failed" },
      { ...common, title: "three", verdict: "skipped" },
    ] as const;
    expect(tableOf(rows).split("\n").slice(2)).toEqual([
      "| P1 | one | 0 lost, a \\| b | yes |",
      "| P1 | two | 0 lost, a \\| b | **no** |",
      "| P1 | three | why | not run |",
    ]);
    const page = "# Page\n<!-- proofs: begin -->old<!-- proofs: end -->\nafter\n";
    const written = withTable(page, rows, "full", 5);
    expect(written).toContain(machine());
    expect(written).not.toContain("old");
    expect(withTable(written, rows, "full", 5)).toBe(written);
    expect(() => withTable("# Page", rows, "full", 5)).toThrow("begin");
  });
});
