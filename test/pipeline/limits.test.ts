import {
  type ErrorFrame,
  type Frame,
  type FrameDirection,
  FrameProcessor,
  Pipeline,
  PipelineTask,
  type PipelineTaskOptions,
  StartFrame,
  TextFrame,
  UserSpeakingFrame,
} from "trunkline";
import { describe, expect, it } from "vitest";
import { turns, until } from "../support/settled.ts";

const most = 65_536;

const text = (value: string) => new TextFrame({ text: value });

class Named extends FrameProcessor {
  readonly texts: string[] = [];
  constructor(name = "named") {
    super({ name });
  }
  override process(frame: Frame, direction: FrameDirection): void | Promise<void> {
    if (frame instanceof TextFrame) this.texts.push(frame.text);
    return this.push(frame, direction);
  }
}

function byHand() {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

/** Handles no frame of a kind before it is opened. */
class Gate extends Named {
  readonly #kind: abstract new (
    ...init: never[]
  ) => Frame;
  readonly #gate = byHand();
  constructor(kind: abstract new (...init: never[]) => Frame) {
    super("gate");
    this.#kind = kind;
  }
  open() {
    this.#gate.open();
  }
  override async process(frame: Frame, direction: FrameDirection) {
    if (frame instanceof this.#kind) await this.#gate.opened;
    await super.process(frame, direction);
  }
}

function pipeline(processors: readonly FrameProcessor[], options: PipelineTaskOptions = {}) {
  const task = new PipelineTask(new Pipeline(processors), options);
  const errors: ErrorFrame[] = [];
  task.on("error", (frame) => void errors.push(frame));
  const state = (name: string) => task.processorStates.find((processor) => processor.name === name);
  return { task, errors, state };
}

const full = { code: "TL_QUEUE_FULL" };

describe("frames at a processor that has not started", () => {
  it("do not make their sender wait before the pipeline is started, and none is lost", async () => {
    const named = new Named();
    const { task, state } = pipeline([named], { maxQueuedFrames: 2 });
    for (let n = 0; n < 100; n++) await task.queueFrame(text(`${n}`));
    expect(state("PipelineSource")).toEqual({
      name: "PipelineSource",
      started: false,
      paused: false,
      system: 0,
      queued: 100,
      refused: 0,
    });
    await task.start();
    await task.end();
    expect(named.texts).toEqual(Array.from({ length: 100 }, (_, n) => `${n}`));
  });

  it("make their sender wait while it starts", async () => {
    const [slow, named] = [new Gate(StartFrame), new Named()];
    const { task, state } = pipeline([slow, named], { maxQueuedFrames: 4 });
    const started = task.start();
    let queued = 0;
    const producer = (async () => {
      for (; queued < 100; queued++) await task.queueFrame(text(`${queued}`));
    })();
    await until(() => state("gate")?.queued === 5);
    await turns(10);
    expect(queued).toBeLessThan(30);
    expect(state("gate")).toMatchObject({ started: false, queued: 5 });
    slow.open();
    await started;
    await producer;
    await task.end();
    expect(named.texts).toHaveLength(100);
  });

  it("do not hold up a processor that pushes before it hands on the start", async () => {
    class Greets extends FrameProcessor {
      override async process(frame: Frame, direction: FrameDirection) {
        if (frame instanceof StartFrame) for (let n = 0; n < 50; n++) await this.push(text(`hello ${n}`));
        await this.push(frame, direction);
      }
    }
    const named = new Named();
    const { task } = pipeline([new Greets(), named], { maxQueuedFrames: 2 });
    await task.start();
    await task.end();
    expect(named.texts).toHaveLength(50);
  });

  it("are refused at 65,536, with one report; what ends the pipeline is not", async () => {
    const named = new Named();
    const { task, errors, state } = pipeline([named]);
    for (let n = 0; n < most; n++) void task.queueFrame(text(`${n}`));
    await expect(task.queueFrame(text("too much"))).rejects.toMatchObject(full);
    await expect(task.queueFrame(text("and more"))).rejects.toMatchObject(full);
    expect(state("PipelineSource")).toMatchObject({ queued: most, refused: 2 });
    await task.start();
    await task.end();
    expect(named.texts).toHaveLength(most);
    expect(errors.map(({ cause }) => cause)).toEqual([expect.objectContaining(full)]);
  });
});

describe("upstream frames", () => {
  /** Sends a lot up for each text. */
  class Answers extends FrameProcessor {
    readonly count: number;
    readonly waits: boolean;
    readonly before: () => void;
    constructor(count: number, waits: boolean, before = () => {}) {
      super();
      this.count = count;
      this.waits = waits;
      this.before = before;
    }
    override async process(frame: Frame, direction: FrameDirection) {
      if (frame instanceof TextFrame && direction === "downstream") {
        this.before();
        for (let n = 0; n < this.count; n++) {
          const pushed = this.push(text("up"), "upstream");
          if (this.waits) await pushed;
        }
      }
      await this.push(frame, direction);
    }
  }

  it("wait for nothing, so two full neighbours never wait for each other", async () => {
    const named = new Named();
    const { task } = pipeline([named, new Answers(20, true), new Named()], { maxQueuedFrames: 2 });
    await task.start();
    for (let n = 0; n < 50; n++) await task.queueFrame(text("down"));
    await task.end();
    expect(named.texts.filter((word) => word === "up")).toHaveLength(1_000);
  });

  it("are refused at 65,536: the push fails, it is reported even if nobody waits for it, and the rest arrives", async () => {
    for (const waits of [true, false]) {
      const [before, held] = [new Named("before"), new Named("held")];
      const answers = new Answers(most + 10, waits, () => held.pause());
      const { task, errors, state } = pipeline([before, held, answers]);
      await task.start();
      await task.queueFrame(text("ask"));
      await until(() => (state("held")?.refused ?? 0) > 0);
      await until(() => errors.length > 0);
      await turns();
      expect(state("held")).toMatchObject({ paused: true, queued: most, refused: waits ? 1 : 10 });
      expect(errors.map(({ cause }) => cause)).toEqual([expect.objectContaining(full)]);
      held.resume();
      await task.end();
      expect(before.texts.filter((word) => word === "up")).toHaveLength(most);
    }
  });
});

describe("system frames", () => {
  it("are refused at 65,536 too; errors, interruptions and the end are not", async () => {
    const stuck = new Gate(UserSpeakingFrame);
    const { task, errors, state } = pipeline([stuck]);
    await task.start();
    // One is in hand, the others wait.
    for (let n = 0; n < most + 4; n++) {
      void task.queueFrame(new UserSpeakingFrame());
      if (n % 10_000 === 0) await until(() => state("PipelineSource")?.system === 0);
    }
    await until(() => (state("gate")?.refused ?? 0) > 0);
    await turns();
    expect(state("gate")).toMatchObject({ system: most, refused: 3 });
    stuck.open();
    await task.end();
    expect(errors.map(({ cause }) => cause)).toEqual([expect.objectContaining(full)]);
  });

  it("that are refused one after the other are one report, also while data goes by", async () => {
    const gate = new Gate(UserSpeakingFrame);
    const { task, errors, state } = pipeline([gate]);
    await task.start();
    for (let n = 0; n <= most; n++) {
      void task.queueFrame(new UserSpeakingFrame());
      if (n % 10_000 === 0) await until(() => state("PipelineSource")?.system === 0);
    }
    await until(() => state("gate")?.system === most);
    for (let n = 0; n < 5; n++) {
      void task.queueFrame(new UserSpeakingFrame());
      await until(() => state("gate")?.refused === n + 1);
      void task.queueFrame(text(`${n}`));
      await until(() => gate.texts.length === n + 1);
    }
    expect(errors).toMatchObject([{ cause: full }]);
    gate.open();
    await task.cancel();
  });
});

describe("maxQueuedFrames", () => {
  it("is a number of at least 1", () => {
    for (const maxQueuedFrames of [0, -1, Number.NaN]) {
      expect(() => new PipelineTask(new Pipeline([]), { maxQueuedFrames })).toThrow(/maxQueuedFrames/);
    }
  });
});
