import { describe, expect, it } from "vitest";
import {
  BusActivateAgentMessage,
  BusAgentRegistryMessage,
  BusFrameMessage,
  BusTaskRequestMessage,
  BusTaskResponseMessage,
} from "../../src/bus/index.ts";
import {
  InputAudioRawFrame,
  type LLMContextFrame,
  LLMMessagesAppendFrame,
  type LLMSetToolsFrame,
  TranscriptionFrame,
} from "../../src/frames/index.ts";
import { JSONMessageSerializer, type MessageRejection } from "../../src/wire/index.ts";
import { captures, dialects, isLocalOnly, relay, textOf } from "./captures.ts";

/** Ids and names are counted by whoever sends, frames' and messages' alike. */
function withoutCounts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutCounts);
  if (typeof value !== "object" || value === null) return value;
  const counted = "metadata" in value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !(counted && (key === "id" || key === "name")))
      .map(([key, part]) => [key, withoutCounts(part)]),
  );
}

function decoded(dialect: "subagents" | "pipecat", name: string) {
  const capture = captures.find((one) => one.dialect === dialect && one.name === name);
  if (capture === undefined) throw new Error(`no capture ${name}`);
  return new JSONMessageSerializer({ dialect }).deserialize(capture.text);
}

function decodedFrame(dialect: "subagents" | "pipecat", name: string) {
  const message = decoded(dialect, name);
  if (!(message instanceof BusFrameMessage)) throw new Error(`${name} is no frame message`);
  return message.frame;
}

describe("what Python peers send", () => {
  it("has all the captures", () => {
    expect(captures.filter(({ dialect }) => dialect === "subagents")).toHaveLength(32);
    expect(captures.filter(({ dialect }) => dialect === "pipecat")).toHaveLength(35);
    expect(captures.filter(isLocalOnly)).toHaveLength(2);
  });

  it.each(captures.filter((capture) => !isLocalOnly(capture)))(
    "$dialect: $name comes back as it was",
    ({ dialect, text }) => {
      const serializer = relay(dialect);
      const message = serializer.deserialize(new TextEncoder().encode(text));
      if (message === undefined) throw new Error(JSON.stringify(serializer.rejected));
      const again = textOf(serializer.serialize(message));
      expect(withoutCounts(JSON.parse(again))).toEqual(withoutCounts(JSON.parse(text)));
      // The order of the keys is the order of a peer's fields, for whoever compares bytes or reads a log.
      expect(JSON.stringify(withoutCounts(JSON.parse(again)))).toBe(JSON.stringify(withoutCounts(JSON.parse(text))));
    },
  );

  it.each(captures.filter(isLocalOnly))("K7: $dialect: $name is dropped", ({ dialect, text }) => {
    const rejections: MessageRejection[] = [];
    const serializer = new JSONMessageSerializer({ dialect, onRejected: (rejection) => rejections.push(rejection) });
    expect(serializer.deserialize(text)).toBeUndefined();
    expect(rejections).toHaveLength(1);
    expect(rejections[0]?.reason).toBe("type");
  });

  it.each([
    ["subagents", "pipecat_subagents.bus.messages.BusAddAgentMessage", "agent"],
    ["pipecat", "pipecat.bus.messages.BusAddWorkerMessage", "worker"],
  ] as const)("K7: %s: %s is dropped", (dialect, type, field) => {
    const serializer = new JSONMessageSerializer({ dialect });
    const data = { source: "a", [field]: { name: "evil" } };
    expect(serializer.deserialize(JSON.stringify({ __type__: type, __data__: data }))).toBeUndefined();
    expect(serializer.rejected.type).toBe(1);
  });

  it("does not speak the other dialect", () => {
    for (const dialect of dialects) {
      const serializer = new JSONMessageSerializer({ dialect });
      const foreign = captures.filter((capture) => capture.dialect !== dialect);
      for (const { text } of foreign) expect(serializer.deserialize(text)).toBeUndefined();
      expect(serializer.rejected.type).toBe(foreign.length);
    }
  });

  it("arrives in the words of this library", () => {
    expect(decoded("pipecat", "JobRequest")).toEqual(
      new BusTaskRequestMessage({
        source: "voice",
        target: "worker",
        taskId: "t-1",
        taskName: "research",
        payload: { q: "x", n: null },
      }),
    );
    expect(decoded("subagents", "TaskResponse enum")).toBeInstanceOf(BusTaskResponseMessage);
    expect(decoded("pipecat", "Registry")).toEqual(
      new BusAgentRegistryMessage({
        source: "r1",
        runner: "r1",
        agents: [
          { name: "voice", active: true, bridged: true, startedAt: 1_700_000_000_500 },
          { name: "child", parent: "voice", active: false, bridged: false },
        ],
      }),
    );
  });

  it.each(dialects)("%s: run_llm of an activation is runLlm here, and nothing else changes", (dialect) => {
    const message = decoded(dialect, "Activate") as BusActivateAgentMessage;
    expect(message.args).toEqual({ messages: [{ role: "developer", content: "hi" }], runLlm: true });
    const args = { runLlm: false, nested: { runLlm: 1, run_llm: 2 }, other_key: 3 };
    const serializer = new JSONMessageSerializer({ dialect });
    const bytes = serializer.serialize(new BusActivateAgentMessage({ source: "a", target: "b", args }));
    expect(JSON.parse(textOf(bytes)).__data__.args).toEqual({
      run_llm: false,
      nested: { runLlm: 1, run_llm: 2 },
      other_key: 3,
    });
    expect(serializer.deserialize(bytes)).toMatchObject({ args });
    const both = textOf(bytes).replace('"other_key":3', '"runLlm":true');
    expect(serializer.deserialize(both)).toMatchObject({ args: { runLlm: false } });
  });

  it.each(["Frame InputAudio 4 samples", "Frame Transcription", "Frame LLMContext"])(
    "K58: %s: the sender's id is kept beside a fresh one",
    (name) => {
      const first = decodedFrame("subagents", name);
      const second = decodedFrame("subagents", name);
      expect(first.remoteId).toBe(second.remoteId);
      expect(first.remoteId).toBeGreaterThan(0);
      expect(first.id).not.toBe(second.id);
    },
  );

  it("frames keep their shape", () => {
    const audio = decodedFrame("pipecat", "Frame InputAudio") as InputAudioRawFrame;
    expect(audio).toBeInstanceOf(InputAudioRawFrame);
    expect([...audio.audio]).toEqual([0, 1, 0, 1, 0, 1, 0, 1]);
    expect(audio).toMatchObject({ sampleRate: 16_000, numChannels: 1, numFrames: 4, remoteId: 1 });
    const transcription = decodedFrame("subagents", "Frame Transcription");
    expect(transcription).toBeInstanceOf(TranscriptionFrame);
    expect(transcription).toMatchObject({ text: "hola", userId: "u1", language: "es", finalized: true });
    const tools = decodedFrame("subagents", "Frame LLMSetTools") as LLMSetToolsFrame;
    expect(tools.tools.map((tool) => tool.name)).toEqual(["get_weather"]);
  });

  it.each(dialects)("%s: reads a context's tools as a list and as an object", (dialect) => {
    const name = "Frame LLMContext";
    const own = captures.find((capture) => capture.dialect === dialect && capture.name === name)?.text ?? "";
    const other = captures.find((capture) => capture.dialect !== dialect && capture.name === name)?.text ?? "";
    const envelope = JSON.parse(own);
    const theirs = JSON.parse(other).__data__.frame.__data__.context.__data__.tools;
    envelope.__data__.frame.__data__.context.__data__.tools = theirs;
    const message = new JSONMessageSerializer({ dialect }).deserialize(JSON.stringify(envelope)) as BusFrameMessage;
    expect((message.frame as LLMContextFrame).context.tools).toEqual(
      (decodedFrame(dialect, name) as LLMContextFrame).context.tools,
    );
  });

  it("K2: tags in user data arrive as the plain objects they are", () => {
    const message = decoded("subagents", "bytes in payload") as BusTaskRequestMessage;
    expect(message.payload).toEqual({ b: { __type__: "bytes", __data__: "/wA=" } });
  });

  it("moments are whole milliseconds", () => {
    const ready = captures.find(({ name }) => name === "Ready")?.text ?? "";
    const message = new JSONMessageSerializer().deserialize(ready.replace("1700000000.5", "1700000000.1234567"));
    expect(message).toMatchObject({ startedAt: 1_700_000_000_123 });
  });

  it("a provider's own message is a tagged object in a frame's list, as Python writes it there", () => {
    const messages = [{ __specific__: true, llm: "anthropic", message: { custom: "d" } }] as const;
    const serializer = new JSONMessageSerializer();
    const frame = new LLMMessagesAppendFrame({ messages });
    const bytes = serializer.serialize(new BusFrameMessage({ source: "a", frame, direction: "downstream" }));
    expect(JSON.parse(textOf(bytes)).__data__.frame.__data__.messages).toEqual([
      {
        __type__: "pipecat.processors.aggregators.llm_context.LLMSpecificMessage",
        __data__: { llm: "anthropic", message: { custom: "d" } },
      },
    ]);
    expect(serializer.deserialize(bytes)).toMatchObject({ frame: { messages } });
  });

  it("a tool's result says in either place whether the model answers", () => {
    const read = (fields: object) => {
      const frame = {
        __type__: "pipecat.frames.frames.FunctionCallResultFrame",
        __data__: { function_name: "f", tool_call_id: "c", arguments: {}, ...fields },
      };
      const direction = { __type__: "pipecat.processors.frame_processor.FrameDirection", __data__: "UPSTREAM" };
      const text = JSON.stringify({
        __type__: "pipecat.bus.messages.BusFrameMessage",
        __data__: { source: "a", frame, direction },
      });
      return (new JSONMessageSerializer({ dialect: "pipecat" }).deserialize(text) as BusFrameMessage).frame;
    };
    const properties = { __type__: "pipecat.frames.frames.FunctionCallResultProperties", __data__: { run_llm: false } };
    expect(read({ result: 1, run_llm: true })).toMatchObject({ result: 1, runLlm: true });
    expect(read({ result: 1, properties })).toMatchObject({ runLlm: false });
    expect(read({ run_llm: true, properties })).toMatchObject({ result: undefined, runLlm: false });
  });
});
