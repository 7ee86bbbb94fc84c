/** What a frame costs in a pipeline: `npm run bench`. */
import { Transform } from "node:stream";
import { type Frame, type FrameDirection, FrameProcessor, Pipeline, PipelineTask, TextFrame } from "trunkline";
import { compare } from "./compare.ts";

const count = 20_000;
const depth = 10;

class PassAsync extends FrameProcessor {
  override async process(frame: Frame, direction: FrameDirection) {
    await this.push(frame, direction);
  }
}

class PassSync extends FrameProcessor {
  override process(frame: Frame, direction: FrameDirection) {
    return this.push(frame, direction);
  }
}

function pipeline(name: string, Processor: new () => FrameProcessor) {
  return {
    name,
    prepare: async () => {
      const task = new PipelineTask(new Pipeline(Array.from({ length: depth }, () => new Processor())));
      let seen = 0;
      task.on("frameReachedDownstream", () => {
        seen += 1;
      });
      await task.start();
      return async () => {
        for (let n = 0; n < count; n++) await task.queueFrame(new TextFrame({ text: "word" }));
        await task.end();
        if (seen !== count) throw new Error(`${seen} of ${count} frames arrived`);
        return count;
      };
    },
  };
}

/** The platform's own: object streams, one lane, no way to overtake. */
const streams = {
  name: `${depth} object-mode Transform streams`,
  prepare: async () => {
    const pass = () => new Transform({ objectMode: true, transform: (frame, _, done) => done(undefined, frame) });
    const chain = Array.from({ length: depth }, pass);
    for (const [index, stream] of chain.entries()) if (index > 0) chain[index - 1]?.pipe(stream);
    const [first, last] = [chain[0], chain.at(-1)];
    if (first === undefined || last === undefined) throw new Error("no streams");
    let seen = 0;
    last.on("data", () => {
      seen += 1;
    });
    const ended = new Promise((resolve) => last.on("end", resolve));
    return async () => {
      for (let n = 0; n < count; n++) {
        if (!first.write(new TextFrame({ text: "word" }))) await new Promise((resolve) => first.once("drain", resolve));
      }
      first.end();
      await ended;
      return seen;
    };
  },
};

await compare(`A frame through ${depth} processors`, [
  streams,
  pipeline("pipeline, async process", PassAsync),
  pipeline("pipeline, process returns push", PassSync),
]);
