import { describe, expect, it } from "vitest";
import * as frames from "../../src/frames/index.ts";
import { JSONMessageSerializer } from "../../src/wire/index.ts";
import { dialects, relay, replacements, voiceFrames } from "./captures.ts";
import { received, wrap } from "./frame-messages.ts";

const image = { __type__: "bytes", __data__: "AQID" };
const bytes = new Uint8Array([1, 2, 3]);

describe("wrong fields in the frames of voice agents", () => {
  const metric = (name: string, data: object) => ({
    data: [{ __type__: `pipecat.metrics.metrics.${name}`, __data__: data }],
  });
  it.each<[string, object, string]>([
    ["UserAudioRawFrame", { audio: image, sample_rate: 16_000, user_id: 5 }, "frame.user_id"],
    ["TTSAudioRawFrame", { audio: image, sample_rate: 0 }, "frame.sample_rate"],
    ["InputImageRawFrame", { image: "AQID", size: [1, 1] }, "frame.image"],
    ["InputImageRawFrame", { image, size: [1] }, "frame.size"],
    ["InputImageRawFrame", { image, size: "1x1" }, "frame.size"],
    ["OutputImageRawFrame", { image, size: [1, -1] }, "frame.size[1]"],
    ["OutputImageRawFrame", { image, size: [0.5, 1] }, "frame.size[0]"],
    ["URLImageRawFrame", { image, size: [1, 1], url: ["x"] }, "frame.url"],
    ["UserImageRawFrame", { image, size: [1, 1], request: "x" }, "frame.request"],
    [
      "UserImageRawFrame",
      { image, size: [1, 1], request: { __type__: "pipecat.frames.frames.BotSpeakingFrame", __data__: {} } },
      "frame.request",
    ],
    ["UserImageRequestFrame", {}, "frame.user_id"],
    ["InputTextRawFrame", { text: null }, "frame.text"],
    ["AggregatedTextFrame", { text: "a", text_type: 1 }, "frame.text_type"],
    ["TTSStartedFrame", { context_id: 1 }, "frame.context_id"],
    ["TTSStoppedFrame", { context_id: {} }, "frame.context_id"],
    ["LLMThoughtTextFrame", { text: [] }, "frame.text"],
    ["LLMThoughtEndFrame", { signature: { __type__: "bytes", __data__: "%" } }, "frame.signature"],
    ["LLMSetToolChoiceFrame", { tool_choice: "perhaps" }, "frame.tool_choice"],
    ["LLMConfigureOutputFrame", {}, "frame.skip_tts"],
    ["LLMFullResponseStartFrame", { skip_tts: "no" }, "frame.skip_tts"],
    ["LLMUpdateSettingsFrame", { settings: [] }, "frame.settings"],
    ["STTUpdateSettingsFrame", { delta: { voice: "a" } }, "frame.delta"],
    ["VADUserStartedSpeakingFrame", { start_secs: "0.2" }, "frame.start_secs"],
    ["VADUserStartedSpeakingFrame", { start_secs: 1e308 }, "frame.start_secs"],
    ["VADUserStoppedSpeakingFrame", { timestamp: 1e300 }, "frame.timestamp"],
    ["STTMuteFrame", { mute: 1 }, "frame.mute"],
    ["InputDTMFFrame", { button: "A" }, "frame.button"],
    ["OutputDTMFFrame", { buttons: [] }, "frame.buttons"],
    ["OutputDTMFFrame", { buttons: ["1", "12"] }, "frame.buttons[1]"],
    ["OutputDTMFUrgentFrame", {}, "frame.buttons"],
    ["HeartbeatFrame", { timestamp: 0.5 }, "frame.timestamp"],
    ["MetricsFrame", { data: {} }, "frame.data"],
    ["MetricsFrame", metric("TTFBMetricsData", { processor: "p" }), "frame.data[0].value"],
    ["MetricsFrame", metric("LLMUsageMetricsData", { processor: "p", value: 5 }), "frame.data[0].value"],
    ["MetricsFrame", metric("TTSUsageMetricsData", { processor: "p", value: -1 }), "frame.data[0].value"],
  ])("K8: %s with %j is refused", (type, data, path) => {
    expect(received(type, data)).toMatchObject({ reason: "shape", path });
  });

  it("K1: a measurement of a type that is not in the table is refused by its name", () => {
    expect(received("MetricsFrame", metric("OwnMetricsData", { processor: "p" }))).toMatchObject({
      reason: "type",
      type: "pipecat.metrics.metrics.OwnMetricsData",
      path: "frame.data[0]",
    });
    expect(received("MetricsFrame", { data: [{ __type__: "os.system", __data__: {} }] })).toMatchObject({
      reason: "type",
    });
  });

  it("a thought that is kept for nobody is refused", () => {
    expect(received("LLMThoughtStartFrame", { append_to_context: true })).toMatchObject({ reason: "shape" });
  });

  it("K19: what a sender gets wrong is an error with its path", () => {
    const wrong = (frame: frames.Frame) => () => new JSONMessageSerializer().serialize(wrap(frame));
    const size = [1, 2, 3] as unknown as frames.ImageSize;
    expect(wrong(new frames.InputImageRawFrame({ image: bytes, size }))).toThrow("frame.size must be a list");
    const request = new frames.TextFrame({ text: "x" }) as unknown as frames.UserImageRequestFrame;
    expect(wrong(new frames.UserImageRawFrame({ image: bytes, size: [1, 1], request }))).toThrow(
      "frame.request must be a UserImageRequestFrame",
    );
    expect(wrong(new frames.OutputDTMFFrame({ buttons: [] }))).toThrow("frame.buttons must be a list with at least");
    expect(wrong(new frames.OutputTransportMessageFrame({ message: { at: new Date() } }))).toThrow(
      "frame.message.at is a Date",
    );
    const late = { type: "ttfb", processor: "p", valueMs: Number.NaN } as const;
    expect(wrong(new frames.MetricsFrame({ data: [late] }))).toThrow("frame.data[0].valueMs must be a finite number");
    const strange = { type: "constructor", processor: "p" } as unknown as frames.MetricsData;
    expect(wrong(new frames.MetricsFrame({ data: [strange] }))).toThrow("frame.data[0] must be an object whose type");
    const tagged = { signature: { deep: { __type__: "bytes", __data__: "AQID" } } };
    expect(wrong(new frames.LLMThoughtEndFrame(tagged))).toThrow("frame.signature.deep has both __type__");
  });

  it("K8, K56: one wrong value anywhere never throws, and what is let in can be sent again", () => {
    const wrong = [null, true, -1, 0.5, 1e300, "x", [], [null], {}, { __type__: "bytes", __data__: "%" }];
    let accepted = 0;
    let rejected = 0;
    for (const dialect of dialects) {
      const serializer = relay(dialect);
      for (const { text } of voiceFrames) {
        const envelope = JSON.parse(text);
        if (dialect === "subagents") envelope.__type__ = "pipecat_subagents.bus.messages.BusFrameMessage";
        for (const value of replacements(envelope, (whole) => whole, wrong)) {
          const message = serializer.deserialize(JSON.stringify(value));
          if (message === undefined) rejected += 1;
          else {
            accepted += 1;
            expect(serializer.deserialize(serializer.serialize(message))?.constructor).toBe(message.constructor);
          }
        }
      }
    }
    expect(accepted).toBeGreaterThan(3_000);
    expect(rejected).toBeGreaterThan(3_000);
  });
});
