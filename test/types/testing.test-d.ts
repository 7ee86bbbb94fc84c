// Checked by `npm run typecheck`; nothing here runs. Each @ts-expect-error fails the check when the error is gone.

import {
  BaseAgent,
  BusTaskRequestMessage,
  type DialOptions,
  type ErrorCode,
  LocalBus,
  TextFrame,
  type TrunklineError,
  WebSocketProxyClientAgent,
} from "trunkline";
import { type LanguageModel, LLMService } from "trunkline/llm";
import { FrameCollector, harness, MovableClock, type RecordingSubscriber, ScriptedModel } from "trunkline/testing";
import { expectTypeOf } from "vitest";

class Doubler extends BaseAgent {}

// The agents come back with the types they were built with, in their places.
const h = await harness({ agents: (bus) => [new BaseAgent("a", { bus }), new Doubler("b", { bus })] });
expectTypeOf(h.agents).toEqualTypeOf<readonly [BaseAgent, Doubler]>();
// @ts-expect-error: there are two
h.agents[2];
expectTypeOf(h.errors).toEqualTypeOf<readonly TrunklineError[]>();
expectTypeOf(h.recording).toEqualTypeOf<RecordingSubscriber>();
expectTypeOf<ErrorCode>().toExtend<Parameters<typeof h.expectError>[0]>();
// @ts-expect-error: not a code
h.expectError("TL_NO_SUCH_CODE");

// A scripted model is a model.
const model = new ScriptedModel(["Hello.", ({ prompt }) => `${prompt.length}`, [{ call: "price" }], new Error("no")]);
expectTypeOf(model).toExtend<LanguageModel>();
new LLMService({ model });
// @ts-expect-error: a step is a chunk, a call, a part, a wait or a failure
new ScriptedModel([[{ say: "Hello." }]]);

// What is waited for has the type of its class; a function gets the base type.
const collector = new FrameCollector();
expectTypeOf(collector.waitFor(TextFrame)).toEqualTypeOf<Promise<TextFrame>>();
void collector.waitFor((frame) => frame.pts === 0);
expectTypeOf(h.recording.waitFor(BusTaskRequestMessage)).toEqualTypeOf<Promise<BusTaskRequestMessage>>();
void h.recording.waitFor(({ source }) => source === "a");

// A client proxy takes a socket from anywhere, and its link any clock.
new WebSocketProxyClientAgent("proxy", {
  bus: new LocalBus(),
  url: "ws://memory",
  localAgentName: "a",
  remoteAgentName: "b",
  link: { clock: new MovableClock() },
  dial: async (url, options) => {
    expectTypeOf(url).toBeString();
    expectTypeOf(options).toEqualTypeOf<DialOptions>();
    return {};
  },
});
