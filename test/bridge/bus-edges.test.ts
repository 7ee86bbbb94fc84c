import {
  BaseAgent,
  type BaseAgentOptions,
  BusDeactivateAgentMessage,
  BusFrameMessage,
  CancelFrame,
  EndFrame,
  ErrorFrame,
  type Frame,
  type FrameDirection,
  FrameProcessor,
  FunctionCallResultFrame,
  HeartbeatFrame,
  LLMMessagesAppendFrame,
  LLMMessagesUpdateFrame,
  LLMSetToolChoiceFrame,
  LLMSetToolsFrame,
  Pipeline,
  StartFrame,
  TextFrame,
} from "trunkline";
import { describe, expect, it } from "vitest";
import { gate } from "../llm/harness.ts";
import { Recording } from "../support/recording.ts";
import { Running } from "../support/running.ts";
import { turns, until } from "../support/settled.ts";

class Answering extends BaseAgent {
  readonly heard: string[] = [];
  override buildPipeline() {
    const { heard } = this;
    return new Pipeline([
      new (class extends FrameProcessor {
        override async process(frame: Frame, direction: FrameDirection) {
          if (frame instanceof TextFrame) heard.push(`${direction} ${frame.text}`);
          if (frame instanceof TextFrame && frame.text === "question") frame = new TextFrame({ text: "answer" });
          if (frame instanceof TextFrame && frame.text === "fail") throw new Error("failed");
          await this.push(frame, direction);
        }
      })(),
    ]);
  }
}

async function agents(...all: [string, Omit<BaseAgentOptions, "bus">][]) {
  const running = await Running.with(({ bus }) =>
    all.map(([name, options]) => new Answering(name, { active: true, ...options, bus })),
  );
  const recording = await Recording.of(running.runner.bus);
  const found = all.map(([name]) => running.runner.getAgent(name) as Answering);
  const sent = () => recording.all(BusFrameMessage).filter(({ source }) => source !== "caller");
  return { running, bus: running.runner.bus, found, sent };
}

const call = (value: string, more: { target?: string; bridge?: string; direction?: FrameDirection } = {}) =>
  new BusFrameMessage({ source: "caller", frame: new TextFrame({ text: value }), direction: "downstream", ...more });
const summary = (message: BusFrameMessage) => [
  message.source,
  message.target,
  message.direction,
  (message.frame as TextFrame).text,
  message.bridge,
];

describe("the edges of a bridged agent", () => {
  it("frames produced by a bridged pipeline are broadcast with that agent as source", async () => {
    const { running, bus, sent } = await agents(["a", { bridged: true }]);
    await using _ = running;
    await bus.send(call("question"));
    await until(() => sent().length === 1);
    expect(sent().map(summary)).toEqual([["a", undefined, "downstream", "answer", undefined]]);
  });

  it("keeps the direction, and lets upstream frames in at the lower end", async () => {
    const { running, bus, found, sent } = await agents(["a", { bridged: true }]);
    await using _ = running;
    await bus.send(call("question", { direction: "upstream" }));
    await until(() => sent().length === 1);
    expect(found[0]?.heard).toEqual(["upstream question"]);
    expect(sent().map(summary)).toEqual([["a", undefined, "upstream", "answer", undefined]]);
  });

  it("K48: a frame that only passed through goes back once, to its sender alone, also among several agents", async () => {
    const { running, bus, found, sent } = await agents(["a", { bridged: true }], ["b", { bridged: true }]);
    await using _ = running;
    await bus.send(call("through"));
    await turns(10);
    expect(sent().map((message) => message.target)).toEqual(["caller"]);
    await found[0]?.queueFrame(new TextFrame({ text: "mine" }));
    await turns(10);
    expect(sent().slice(1).map(summary)).toEqual([
      ["a", undefined, "downstream", "mine", undefined],
      ["b", "a", "downstream", "mine", undefined],
    ]);
  });

  it("an unbridged agent neither takes frames nor sends them", async () => {
    const { running, bus, found, sent } = await agents(["a", {}]);
    await using _ = running;
    await bus.send(call("question"));
    await found[0]?.queueFrame(new TextFrame({ text: "mine" }));
    await turns(5);
    expect(found[0]?.heard).toEqual(["downstream mine"]);
    expect(sent()).toEqual([]);
  });

  it("an inactive agent neither takes frames nor sends them", async () => {
    const { running, bus, found, sent } = await agents(["a", { bridged: true, active: false }]);
    await using _ = running;
    await bus.send(call("question"));
    await found[0]?.queueFrame(new TextFrame({ text: "mine" }));
    await turns(5);
    expect(found[0]?.heard).toEqual(["downstream mine"]);
    expect(sent()).toEqual([]);
  });

  it("an inactive agent sends the results of its tools, but nothing that would change a conversation it has left", async () => {
    const { running, found, sent } = await agents(["a", { bridged: true, active: false }]);
    await using _ = running;
    await found[0]?.queueFrame(new LLMSetToolsFrame({ tools: [] }));
    await found[0]?.queueFrame(new LLMSetToolChoiceFrame({ toolChoice: "none" }));
    await found[0]?.queueFrame(new LLMMessagesAppendFrame({ messages: [{ role: "developer", content: "mine" }] }));
    await found[0]?.queueFrame(new LLMMessagesUpdateFrame({ messages: [] }));
    await found[0]?.queueFrame(
      new FunctionCallResultFrame({ functionName: "f", toolCallId: "1", arguments: {}, result: 1 }),
    );
    await until(() => sent().length > 0);
    await turns(5);
    expect(sent().map(({ frame }) => frame.constructor.name)).toEqual(["FunctionCallResultFrame"]);
  });

  it("what somebody else says of a conversation goes back to them, also when the agent is inactive by then", async () => {
    const [waiting, goOn] = [gate(), gate()];
    class Slow extends BaseAgent {
      override buildPipeline() {
        return new Pipeline([
          new (class extends FrameProcessor {
            override async process(frame: Frame, direction: FrameDirection) {
              if (frame instanceof LLMMessagesAppendFrame) {
                waiting.open();
                await goOn.promise;
              }
              await this.push(frame, direction);
            }
          })(),
        ]);
      }
    }
    const slow: Slow[] = [];
    await using running = await Running.with(({ bus }) => {
      slow.push(new Slow("a", { bus, bridged: true, active: true }));
      return slow;
    });
    const { bus } = running.runner;
    const recording = await Recording.of(bus);
    const frame = new LLMMessagesAppendFrame({ messages: [{ role: "user", content: "hello" }] });
    await bus.send(new BusFrameMessage({ source: "caller", frame, direction: "upstream" }));
    await waiting.promise;
    await bus.send(new BusDeactivateAgentMessage({ source: "caller", target: "a" }));
    await until(() => slow[0]?.active === false);
    goOn.open();
    const sent = () => recording.all(BusFrameMessage).filter(({ source }) => source === "a");
    await until(() => sent().length === 1);
    expect(sent()[0]).toMatchObject({ target: "caller", frame, direction: "upstream" });
  });

  it("K47: takes the bridges it was given, all if none is named, and answers by the name it was called by", async () => {
    const cases: [true | string[], string | undefined, boolean][] = [
      [["voice"], "voice", true],
      [["voice"], "video", false],
      [["voice"], undefined, false],
      [["voice", "video"], "video", true],
      [[], "voice", true],
      [[], undefined, true],
      [true, "voice", true],
    ];
    for (const [bridged, bridge, taken] of cases) {
      const { running, bus, sent } = await agents(["a", { bridged }]);
      await using _ = running;
      await bus.send(call("question", bridge === undefined ? {} : { bridge }));
      await turns(5);
      expect(sent().map((message) => message.bridge)).toEqual(taken ? [bridge] : []);
    }
  });

  it("K3: an error that comes from the bus ends nothing here, however fatal it calls itself", async () => {
    const { running, bus, found } = await agents(["a", { bridged: true }]);
    await using _ = running;
    const frame = new ErrorFrame({ error: "die", fatal: true });
    await bus.send(new BusFrameMessage({ source: "caller", frame, direction: "upstream" }));
    await bus.send(call("still there?"));
    await until(() => found[0]?.heard.length === 1);
    expect(found[0]?.ready).toBe(true);
  });

  it("K3: frames that begin or end a pipeline do not enter from the bus", async () => {
    const { running, bus, found } = await agents(["a", { bridged: true }]);
    await using _ = running;
    for (const frame of [new EndFrame(), new CancelFrame(), new StartFrame(), new HeartbeatFrame({ timestamp: 1 })]) {
      await bus.send(new BusFrameMessage({ source: "caller", frame, direction: "downstream" }));
    }
    await bus.send(call("still there?"));
    await until(() => found[0]?.heard.length === 1);
    expect(found[0]?.ready).toBe(true);
  });

  it("tells an error on both sides of the edge", async () => {
    const { running, bus, found, sent } = await agents(["a", { bridged: true }]);
    await using _ = running;
    const errors: string[] = [];
    found[0]?.on("error", (error) => void errors.push(error.message));
    await bus.send(call("fail"));
    await until(() => errors.length === 1 && sent().length === 1);
    expect(sent()[0]?.frame).toBeInstanceOf(ErrorFrame);
    expect(sent()[0]?.direction).toBe("upstream");
    expect(running.errors).toMatchObject([{ code: "TL_PROCESSOR_FAILED", agentName: "a" }]);
  });
});
