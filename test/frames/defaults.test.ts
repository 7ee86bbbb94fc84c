import fc from "fast-check";
import {
  AggregatedTextFrame,
  InputAudioRawFrame,
  InputImageRawFrame,
  InputTextRawFrame,
  LLMFullResponseStartFrame,
  LLMTextFrame,
  LLMThoughtEndFrame,
  LLMThoughtStartFrame,
  LLMThoughtTextFrame,
  OutputAudioRawFrame,
  OutputImageRawFrame,
  TextFrame,
  TTSAudioRawFrame,
  TTSStartedFrame,
  TTSTextFrame,
  URLImageRawFrame,
  UserAudioRawFrame,
  UserImageRawFrame,
  VADUserStartedSpeakingFrame,
  VADUserStoppedSpeakingFrame,
} from "trunkline";
import { describe, expect, it } from "vitest";

const image = { image: new Uint8Array(3), size: [1, 1] } as const;

describe("frames with audio", () => {
  it.each([InputAudioRawFrame, UserAudioRawFrame, OutputAudioRawFrame, TTSAudioRawFrame])(
    "%o has one channel by default and counts its samples",
    (Class) => {
      const audio = new Uint8Array(960);
      expect(new Class({ audio, sampleRate: 24_000 })).toMatchObject({
        audio,
        sampleRate: 24_000,
        numChannels: 1,
        numFrames: 480,
      });
      expect(new Class({ audio, sampleRate: 24_000, numChannels: 2 }).numFrames).toBe(240);
    },
  );

  it("counts whole samples only, alike in both directions", () => {
    fc.assert(
      fc.property(fc.nat(500), fc.integer({ min: 1, max: 8 }), (length, numChannels) => {
        const init = { audio: new Uint8Array(length), sampleRate: 8_000, numChannels };
        const { numFrames } = new InputAudioRawFrame(init);
        expect(numFrames).toBe(new OutputAudioRawFrame(init).numFrames);
        expect(numFrames * numChannels * 2).toBeLessThanOrEqual(length);
        expect((numFrames + 1) * numChannels * 2).toBeGreaterThan(length);
      }),
    );
  });

  it("says whose it is, and which utterance it is of", () => {
    const audio = { audio: new Uint8Array(2), sampleRate: 8_000 };
    expect(new UserAudioRawFrame(audio).userId).toBe("");
    expect(new UserAudioRawFrame({ ...audio, userId: "u1" }).userId).toBe("u1");
    expect(new TTSAudioRawFrame(audio).contextId).toBeUndefined();
    expect(new TTSAudioRawFrame({ ...audio, contextId: "c1" }).contextId).toBe("c1");
  });
});

describe("frames with images", () => {
  it("have a size, and a format where somebody says", () => {
    expect(new InputImageRawFrame(image)).toMatchObject({ ...image, format: undefined });
    expect(new OutputImageRawFrame({ ...image, format: "RGB" })).toMatchObject({ format: "RGB", syncWithAudio: false });
    expect(new URLImageRawFrame({ ...image, url: "https://example.com/a.png" })).toMatchObject({
      url: "https://example.com/a.png",
      syncWithAudio: false,
    });
    expect(new UserImageRawFrame(image)).toMatchObject({ userId: "", text: undefined, runLlm: undefined });
  });

  it("from the user are input frames, for the user output frames", () => {
    expect(new UserImageRawFrame(image)).toBeInstanceOf(InputImageRawFrame);
    expect(new URLImageRawFrame(image)).toBeInstanceOf(OutputImageRawFrame);
  });
});

describe("frames with text", () => {
  it("go into the context and are spoken, unless they say otherwise", () => {
    const defaults = { skipTts: undefined, includesInterFrameSpaces: false, appendToContext: true };
    expect(new TextFrame({ text: "a" })).toMatchObject(defaults);
    expect(new InputTextRawFrame({ text: "a" })).toMatchObject(defaults);
    expect(new AggregatedTextFrame({ text: "a", textType: "code" })).toMatchObject({
      ...defaults,
      textType: "code",
      willBeSpoken: false,
    });
    expect(new LLMTextFrame({ text: "a" }).includesInterFrameSpaces).toBe(true);
    expect(new LLMFullResponseStartFrame().skipTts).toBeUndefined();
    expect(new LLMFullResponseStartFrame({ skipTts: true }).skipTts).toBe(true);
  });

  it("what the user typed overtakes, so it is no text frame; what was spoken is one", () => {
    expect(new InputTextRawFrame({ text: "a" })).not.toBeInstanceOf(TextFrame);
    expect(new TTSTextFrame({ text: "a", textType: "word" })).toBeInstanceOf(AggregatedTextFrame);
    expect(new TTSTextFrame({ text: "a", textType: "word" })).toBeInstanceOf(TextFrame);
    expect(new TTSStartedFrame()).toMatchObject({ contextId: undefined, appendToContext: true });
  });
});

describe("thoughts", () => {
  it("are no text that would be spoken", () => {
    const thought = new LLMThoughtTextFrame({ text: "hm" });
    expect(thought).not.toBeInstanceOf(TextFrame);
    expect(thought.includesInterFrameSpaces).toBe(true);
    expect(new LLMThoughtEndFrame().signature).toBeUndefined();
  });

  it("are kept for a provider, or not at all", () => {
    expect(new LLMThoughtStartFrame()).toMatchObject({ appendToContext: false, llm: undefined });
    expect(new LLMThoughtStartFrame({ appendToContext: true, llm: "anthropic" }).llm).toBe("anthropic");
    expect(() => new LLMThoughtStartFrame({ appendToContext: true })).toThrowError(
      expect.objectContaining({ code: "TL_INVALID_OPTION" }),
    );
  });
});

describe("voice activity", () => {
  it.each([VADUserStartedSpeakingFrame, VADUserStoppedSpeakingFrame])(
    "%o is noted now, unless it says when",
    (Class) => {
      const before = Date.now();
      const { timestamp } = new Class();
      expect(timestamp).toBeGreaterThanOrEqual(before);
      expect(timestamp).toBeLessThanOrEqual(Date.now());
      expect(new Class({ timestamp: 1_700_000_000_000 }).timestamp).toBe(1_700_000_000_000);
    },
  );

  it("says how long it took to be sure", () => {
    expect(new VADUserStartedSpeakingFrame().startMs).toBe(0);
    expect(new VADUserStartedSpeakingFrame({ startMs: 200 }).startMs).toBe(200);
    expect(new VADUserStoppedSpeakingFrame({ stopMs: 800 }).stopMs).toBe(800);
  });
});
