import fc from "fast-check";
import { expect, it } from "vitest";
import { SentLog } from "../../src/proxy/link/sent-log.ts";

/** A frame as the model knows it: its number is its place, from 1. */
interface Sent {
  readonly bytes: Uint8Array;
  readonly replayable: boolean;
  stale: boolean;
}

type Step =
  | { readonly do: "push"; readonly size: number; readonly replayable: boolean }
  | { readonly do: "next" | "detach" }
  /** `at` is a place among the numbers that may be named, from 0 to 1; beyond, it is out of range by so much. */
  | { readonly do: "acknowledge" | "resume"; readonly at: number };

// Not fc.double, most of which is next to nothing.
const within = fc.nat(100).map((percent) => percent / 100);
const at = fc.oneof({ weight: 5, arbitrary: within }, fc.constantFrom(-2, -1, 2, 3));
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant("push" as const), size: fc.nat(9), replayable: fc.boolean() }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("next" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("acknowledge" as const), at }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("detach" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("resume" as const), at }) },
);

/** A number between the two, or as far outside as the place is outside of [0, 1]. */
function numberAt(place: number, from: number, to: number): number {
  if (place < 0) return from + place;
  return place > 1 ? to + place - 1 : from + Math.round(place * (to - from));
}

/** Everything that was ever sent, in an array, and three numbers. */
class Model {
  readonly sent: Sent[] = [];
  acknowledged = 0;
  /** The last number that was given to this connection. */
  given = 0;
  /** The last number that was given to any. */
  highest = 0;
  attached = true;

  get kept(): Sent[] {
    return this.sent.slice(this.acknowledged).filter(({ stale }) => !stale);
  }

  /** How many from this place on are left out. */
  staleFrom(place: number): number {
    const end = this.sent.findIndex(({ stale }, index) => index >= place && !stale);
    return (end < 0 ? this.sent.length : end) - place;
  }
}

function run(log: SentLog, model: Model, step: Step): void {
  switch (step.do) {
    case "push": {
      const bytes = new Uint8Array(step.size);
      const stale = !model.attached && !step.replayable;
      model.sent.push({ bytes, replayable: step.replayable, stale });
      if (stale) log.pushLeftOut();
      else log.push(bytes, step.replayable);
      return;
    }
    case "next": {
      if (!model.attached) return;
      expect(log.hasNext).toBe(model.given < model.sent.length);
      const next = log.next();
      const frame = model.sent[model.given];
      if (frame === undefined) expect(next).toBeUndefined();
      else if (frame.stale) expect(next).toMatchObject({ bytes: undefined, count: model.staleFrom(model.given) });
      else expect(next?.bytes).toBe(frame.bytes);
      model.given += next?.count ?? 0;
      model.highest = Math.max(model.highest, model.given);
      return;
    }
    case "acknowledge": {
      if (!model.attached) return;
      const received = numberAt(step.at, model.acknowledged, model.given);
      const fits = received >= model.acknowledged && received <= model.given;
      expect(log.acknowledge(received)).toBe(fits);
      if (fits) model.acknowledged = received;
      return;
    }
    case "detach": {
      if (!model.attached) return;
      const goStale = model.kept.filter(({ replayable }) => !replayable);
      for (const frame of goStale) frame.stale = true;
      expect(log.detach()).toBe(goStale.length);
      model.attached = false;
      return;
    }
    case "resume": {
      if (model.attached) return;
      const received = numberAt(step.at, model.acknowledged, model.highest);
      const fits = received >= model.acknowledged && received <= model.highest;
      expect(log.couldHaveArrived(received)).toBe(fits);
      expect(log.resumeAfter(received)).toBe(fits);
      if (!fits) return;
      model.acknowledged = received;
      model.given = received;
      model.attached = true;
      const toCome = model.sent.slice(received);
      const replayed = model.sent.slice(received, model.highest).filter(({ stale }) => !stale).length;
      expect(log.replay).toEqual({ replayed, skipped: toCome.filter(({ stale }) => stale).length });
    }
  }
}

it("the log of sent frames does as an array of them: numbers, order, what is left out, what it holds", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
      const log = new SentLog();
      const model = new Model();
      for (const step of steps) {
        run(log, model, step);
        expect(log.acknowledged).toBe(model.acknowledged);
        expect(log.unacknowledged).toBe(model.sent.length - model.acknowledged);
        expect(log.frames).toBe(model.kept.length);
        expect(log.bytes).toBe(model.kept.reduce((sum, { bytes }) => sum + bytes.byteLength, 0));
      }
    }),
    { numRuns: 400 },
  );
});
