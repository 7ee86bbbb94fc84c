import { createHash } from "node:crypto";
import {
  BusFrameMessage,
  type Frame,
  type FrameDirection,
  FunctionCallInProgressFrame,
  FunctionCallResultFrame,
  FunctionCallsStartedFrame,
  InputAudioRawFrame,
  InterruptionFrame,
  LLMContextFrame,
  LLMFullResponseEndFrame,
  LLMFullResponseStartFrame,
  LLMMessagesAppendFrame,
  LLMSetToolsFrame,
  LLMTextFrame,
  OutputAudioRawFrame,
  OutputImageRawFrame,
  TextFrame,
  TranscriptionFrame,
} from "trunkline";
import { LLMContext } from "trunkline/llm";
import { describe, expect, it } from "vitest";
import { until } from "../support/settled.ts";
import { ourName, type Pair, type SeenFrame } from "./pair.ts";
import type { PeerEvent } from "./python-program.ts";
import { sharedScenarios } from "./scenarios.ts";

const tool = {
  name: "get_weather",
  description: "Get the weather",
  parameters: { type: "object", properties: { location: { type: "string" } }, required: ["location"] },
};
const messages = [
  { role: "system", content: "s" },
  { role: "developer", content: "Grüße 👋" },
  {
    role: "user",
    content: [
      { type: "text", text: "what is this" },
      { type: "image_url", image_url: { url: "data:image/png;base64,AA==" } },
    ],
  },
  { role: "assistant", tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: "{}" } }] },
  { role: "tool", tool_call_id: "c1", content: "done" },
] as const;
const specific = { llm: "anthropic", message: { custom: "d", nothing: null } };
const call = { functionName: "f", toolCallId: "c1", arguments: { a: [1, null] } };
const sound = new Uint8Array(640).map((_, index) => index % 251);
const sha256 = createHash("sha256").update(sound).digest("hex");

interface Sample {
  readonly name: string;
  readonly ours: () => Frame;
  /** What they build; the same frame in their words. */
  readonly theirs: { readonly type: string; readonly fields: Readonly<Record<string, unknown>> };
  /** What they see of ours. */
  readonly described: Readonly<Record<string, unknown>>;
  /** What we see of theirs. */
  readonly read: Readonly<Record<string, unknown>>;
}

const base64 = (bytes: Uint8Array) => ({ $bytes: Buffer.from(bytes).toString("base64") });

const samples: readonly Sample[] = [
  {
    name: "text",
    ours: () => new TextFrame({ text: "naïve 日本語 \u0000" }),
    theirs: { type: "TextFrame", fields: { text: "naïve 日本語 \u0000" } },
    described: { type: "TextFrame", text: "naïve 日本語 \u0000", append_to_context: true },
    read: { text: "naïve 日本語 \u0000", appendToContext: true },
  },
  {
    name: "text of a model",
    ours: () => new LLMTextFrame({ text: " chunk" }),
    theirs: { type: "LLMTextFrame", fields: { text: " chunk" } },
    described: { type: "LLMTextFrame", text: " chunk", includes_inter_frame_spaces: true },
    read: { text: " chunk", includesInterFrameSpaces: true },
  },
  {
    name: "transcription with its language",
    ours: () =>
      new TranscriptionFrame({ text: "hola", userId: "u1", timestamp: "2026-03-17T00:00:00Z", language: "es" }),
    theirs: {
      type: "TranscriptionFrame",
      fields: { text: "hola", user_id: "u1", timestamp: "2026-03-17T00:00:00Z", language: "es" },
    },
    described: { type: "TranscriptionFrame", text: "hola", user_id: "u1", language: "es" },
    read: { text: "hola", userId: "u1", timestamp: "2026-03-17T00:00:00Z", language: "es" },
  },
  {
    name: "start of an answer",
    ours: () => new LLMFullResponseStartFrame(),
    theirs: { type: "LLMFullResponseStartFrame", fields: {} },
    described: { type: "LLMFullResponseStartFrame" },
    read: {},
  },
  {
    name: "end of an answer",
    ours: () => new LLMFullResponseEndFrame(),
    theirs: { type: "LLMFullResponseEndFrame", fields: {} },
    described: { type: "LLMFullResponseEndFrame" },
    read: {},
  },
  {
    name: "conversation with tools and a provider's own message",
    ours: () =>
      new LLMContextFrame({
        context: new LLMContext({ messages: [...messages, { __specific__: true, ...specific }], tools: [tool] }),
      }),
    theirs: {
      type: "LLMContextFrame",
      fields: { context: { $context: { messages, tools: [tool], specific: [specific] } } },
    },
    described: {
      type: "LLMContextFrame",
      context: { messages: [...messages, { type: "LLMSpecificMessage", ...specific }], tools: [tool] },
    },
    read: { context: { messages: [...messages, { __specific__: true, ...specific }], tools: [tool] } },
  },
  {
    name: "messages to append",
    ours: () => new LLMMessagesAppendFrame({ messages: [{ role: "user", content: "" }], runLlm: true }),
    theirs: { type: "LLMMessagesAppendFrame", fields: { messages: [{ role: "user", content: "" }], run_llm: true } },
    described: { type: "LLMMessagesAppendFrame", messages: [{ role: "user", content: "" }], run_llm: true },
    read: { messages: [{ role: "user", content: "" }], runLlm: true },
  },
  {
    name: "tools",
    ours: () => new LLMSetToolsFrame({ tools: [tool] }),
    theirs: { type: "LLMSetToolsFrame", fields: { tools: { $tools: [tool] } } },
    described: { type: "LLMSetToolsFrame", tools: [tool] },
    read: { tools: [tool] },
  },
  {
    name: "tool calls that begin",
    ours: () => new FunctionCallsStartedFrame({ functionCalls: [call] }),
    theirs: {
      type: "FunctionCallsStartedFrame",
      fields: { function_calls: [{ $call: { function_name: "f", tool_call_id: "c1", arguments: call.arguments } }] },
    },
    described: { type: "FunctionCallsStartedFrame" },
    read: { functionCalls: [call] },
  },
  {
    name: "a tool call in progress",
    ours: () => new FunctionCallInProgressFrame({ ...call, cancelOnInterruption: true }),
    theirs: {
      type: "FunctionCallInProgressFrame",
      fields: { function_name: "f", tool_call_id: "c1", arguments: call.arguments, cancel_on_interruption: true },
    },
    described: {
      type: "FunctionCallInProgressFrame",
      function_name: "f",
      tool_call_id: "c1",
      arguments: call.arguments,
    },
    read: { ...call, cancelOnInterruption: true },
  },
  {
    name: "the result of a tool call",
    ours: () => new FunctionCallResultFrame({ ...call, result: { found: [1, ""] } }),
    theirs: {
      type: "FunctionCallResultFrame",
      fields: { function_name: "f", tool_call_id: "c1", arguments: call.arguments, result: { found: [1, ""] } },
    },
    described: { type: "FunctionCallResultFrame", tool_call_id: "c1", result: { found: [1, ""] } },
    read: { ...call, result: { found: [1, ""] } },
  },
  {
    name: "audio for the user",
    ours: () => new OutputAudioRawFrame({ audio: sound, sampleRate: 24_000 }),
    theirs: { type: "OutputAudioRawFrame", fields: { audio: base64(sound), sample_rate: 24_000, num_channels: 1 } },
    described: { type: "OutputAudioRawFrame", audio: { length: 640, sha256 }, sample_rate: 24_000, num_frames: 320 },
    read: { sampleRate: 24_000, numChannels: 1, numFrames: 320 },
  },
  {
    name: "an interruption",
    ours: () => new InterruptionFrame(),
    theirs: { type: "InterruptionFrame", fields: {} },
    described: { type: "InterruptionFrame" },
    read: {},
  },
];

const directions: readonly FrameDirection[] = ["downstream", "upstream"];

/** Puts one of our frames on our bus as a bridge would, and gives what their pipeline saw. */
async function toThem({ peer, runner }: Pair, frame: Frame, direction: FrameDirection, bridge?: string) {
  const after = peer.events.length;
  await runner.bus.send(new BusFrameMessage({ source: ourName, frame, direction, bridge }));
  const kind = frame.constructor.name;
  return peer.event("frame", (event) => (event.frame as { type: string }).type === kind, after);
}

/** The same the other way. */
async function toUs({ peer, agent }: Pair, frame: Sample["theirs"], direction: FrameDirection): Promise<SeenFrame> {
  const before = agent.seen.length;
  const find = () => agent.seen.slice(before).find((seen) => seen.frame.constructor.name === frame.type);
  await peer.do("frame", { frame, direction });
  await until(() => find() !== undefined, `their ${frame.type} in our pipeline`, 10_000);
  return find() as SeenFrame;
}

sharedScenarios("frames", (pair) => {
  describe.each(directions)("%s", (direction) => {
    it.for(samples)("theirs is read as sent: $name", async ({ theirs, read }) => {
      const seen = await toUs(pair(), theirs, direction);
      expect(seen.direction).toBe(direction);
      expect(seen.frame).toMatchObject(read);
    });

    it.for(samples)("ours is read as sent: $name", async ({ ours, described }) => {
      await pair().peer.event("ready");
      const seen = await toThem(pair(), ours(), direction);
      expect(seen.direction).toBe(direction);
      expect(seen.frame).toMatchObject(described);
    });
  });

  it("bytes of theirs arrive unchanged", async () => {
    const fields = { audio: base64(sound), sample_rate: 16_000, num_channels: 1 };
    const { frame } = await toUs(pair(), { type: "InputAudioRawFrame", fields }, "downstream");
    expect((frame as InputAudioRawFrame).audio).toEqual(sound);
  });

  it("an image of ours is read as sent; one of theirs loses its size on their side, and is refused here", async () => {
    const { rejected } = pair();
    const image = new Uint8Array([1, 2, 3, 4, 5, 6]);
    const seen = await toThem(pair(), new OutputImageRawFrame({ image, size: [1, 2], format: "RGB" }), "downstream");
    expect(seen.frame).toMatchObject({ format: "RGB", size: [1, 2], image: { length: 6 } });
    const before = rejected.length;
    const fields = { image: base64(image), size: { $tuple: [1, 2] }, format: "RGB" };
    await pair().peer.do("frame", { frame: { type: "OutputImageRawFrame", fields } });
    await until(() => rejected.length > before, "the image being refused", 10_000);
    expect(rejected.at(-1)).toMatchObject({ direction: "inbound", cause: "invalid" });
    expect(rejected.at(-1)?.message).toContain("frame.size");
  });

  it("a frame that their agent queues leaves at its edge, and comes back from ours once", async () => {
    const { peer, agent } = pair();
    const before = agent.seen.length;
    const after = peer.events.length;
    await peer.do("queueFrame", { frame: { type: "TextFrame", fields: { text: "there and back" } } });
    const hereNow = () => agent.seen.slice(before).map(({ frame }) => (frame as TextFrame).text);
    await until(() => hereNow().length > 0, "their frame in our pipeline", 10_000);
    const came = (event: PeerEvent) => (event.frame as { text?: string }).text === "there and back";
    await peer.until(() => peer.events.slice(after).filter(came).length === 2, "the frame coming back");
    // Whatever went round once more would be there before what was sent after it.
    await toThem(pair(), new TextFrame({ text: "the end" }), "downstream");
    expect(hereNow().filter((text) => text === "there and back").length).toBeLessThanOrEqual(2);
    expect(peer.events.slice(after).filter(came)).toHaveLength(2);
  });

  it("ten seconds of audio cross in order, both ways", async () => {
    const { peer, runner, agent } = pair();
    const packets = 500;
    const after = peer.events.length;
    const before = agent.seen.length;
    await peer.do("audio", { packets });
    for (let packet = 0; packet < packets; packet++) {
      const audio = new Uint8Array(640).fill(packet % 256);
      const frame = new InputAudioRawFrame({ audio, sampleRate: 16_000 });
      await runner.bus.send(new BusFrameMessage({ source: ourName, frame, direction: "downstream" }));
    }
    const heardHere = () => agent.seen.slice(before).filter(({ frame }) => frame instanceof InputAudioRawFrame);
    await until(() => heardHere().length >= packets, "all of their audio", 20_000);
    expect(heardHere().map(({ frame }) => (frame as InputAudioRawFrame).audio[0])).toEqual(
      Array.from({ length: packets }, (_, packet) => packet % 256),
    );
    const heardThere = () =>
      peer.events.slice(after).flatMap((event) => {
        const frame = event.frame as { readonly type: string; readonly audio: { sha256: string } } | undefined;
        return event.event === "frame" && frame?.type === "InputAudioRawFrame" ? [frame.audio.sha256] : [];
      });
    await peer.until(() => heardThere().length >= packets, "all of our audio");
    const digest = (packet: number) =>
      createHash("sha256")
        .update(new Uint8Array(640).fill(packet % 256))
        .digest("hex");
    expect(heardThere()).toEqual(Array.from({ length: packets }, (_, packet) => digest(packet)));
  });
});

sharedScenarios(
  "named bridges",
  (pair) => {
    it("a frame of their bridge enters, one of another does not", async () => {
      const { peer, runner } = pair();
      await peer.event("ready");
      const send = (text: string, bridge: string | undefined) =>
        runner.bus.send(
          new BusFrameMessage({ source: ourName, frame: new TextFrame({ text }), direction: "downstream", bridge }),
        );
      await send("of another bridge", "video");
      await send("of none", undefined);
      await send("of theirs", "voice");
      const seen = await peer.event("frame", ({ frame }) => (frame as { type: string }).type === "TextFrame");
      expect(seen.frame).toMatchObject({ text: "of theirs" });
    });

    it("a frame of our bridge enters, one of another does not", async () => {
      const { peer, agent } = pair();
      const frame = (text: string) => ({ type: "TextFrame", fields: { text } });
      await peer.do("frame", { frame: frame("of another bridge"), bridge: "video" });
      await peer.do("frame", { frame: frame("of ours"), bridge: "voice" });
      await until(() => agent.seen.length > 0, "a frame entering");
      expect(agent.seen.map((seen) => (seen.frame as TextFrame).text)).toEqual(["of ours"]);
    });
  },
  { bridges: ["voice"], bridged: ["voice"] },
);
