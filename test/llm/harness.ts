import {
  type ErrorFrame,
  type Frame,
  type FrameClass,
  type FrameDirection,
  FrameProcessor,
  LLMContextFrame,
  LLMTextFrame,
  Pipeline,
  PipelineTask,
} from "trunkline";
import { LLMContext } from "trunkline/llm";

/** Notes what passes downstream, and lets a test wait for it. */
export class Recorder extends FrameProcessor {
  readonly seen: Frame[] = [];
  readonly #waiting: { readonly wanted: (frame: Frame) => boolean; readonly resolve: (frame: Frame) => void }[] = [];

  override async process(frame: Frame, direction: FrameDirection) {
    if (direction === "downstream") {
      this.seen.push(frame);
      for (const { wanted, resolve } of this.#waiting) if (wanted(frame)) resolve(frame);
    }
    await this.push(frame, direction);
  }

  /** The next frame of this class that has not been there yet, or `count`th of all. */
  async until<F extends Frame>(frameClass: FrameClass<F>, count = 1): Promise<F> {
    const found = () => this.all(frameClass)[count - 1];
    while (found() === undefined) {
      await new Promise<Frame>((resolve) => {
        this.#waiting.push({ wanted: (frame) => frame instanceof frameClass, resolve });
      });
    }
    return found() as F;
  }

  all<F extends Frame>(frameClass: FrameClass<F>): F[] {
    return this.seen.filter((frame): frame is F => frame instanceof frameClass);
  }

  /** Class names, text for text. */
  get story(): string[] {
    return this.seen.map((frame) => (frame instanceof LLMTextFrame ? frame.text : frame.constructor.name));
  }

  get said(): string {
    return this.all(LLMTextFrame)
      .map((frame) => frame.text)
      .join("");
  }
}

export interface Rig {
  readonly task: PipelineTask;
  readonly last: Recorder;
  readonly errors: ErrorFrame[];
  /** Resolves once so many errors have been reported. */
  errorCount(count: number): Promise<void>;
  /** Asks for an answer to these words of the user. */
  ask(text: string): Promise<void>;
}

/** A running pipeline of these processors with a recorder at its lower end. */
export async function rig(...processors: readonly FrameProcessor[]): Promise<Rig> {
  const last = new Recorder();
  const task = new PipelineTask(new Pipeline([...processors, last]));
  const errors: ErrorFrame[] = [];
  const reported: (() => void)[] = [];
  task.on("error", (frame) => {
    errors.push(frame);
    for (const check of reported) check();
  });
  const errorCount = (count: number) =>
    new Promise<void>((resolve) => {
      const check = () => errors.length >= count && resolve();
      reported.push(check);
      check();
    });
  await task.start();
  const ask = (content: string) =>
    task.queueFrame(new LLMContextFrame({ context: new LLMContext({ messages: [{ role: "user", content }] }) }));
  return { task, last, errors, errorCount, ask };
}

/** A promise for a test to settle. */
export function gate(): { readonly promise: Promise<void>; readonly open: () => void } {
  let open = () => {};
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}
