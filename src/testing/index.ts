export type { WaitOptions } from "./arrivals.ts";
export type { ExpectedError } from "./error-ledger.ts";
export { FrameCollector, type FrameWaitOptions, type PassedFrame } from "./frame-collector.ts";
export { type JoinedHarness, type JoinedHarnessOptions, joinedHarness } from "./joined-harness.ts";
export type { MemorySocket, MemorySocketEvents } from "./memory-socket.ts";
export { MovableClock } from "./movable-clock.ts";
export { RecordingSubscriber } from "./recording-subscriber.ts";
export type {
  ScriptedAnswer,
  ScriptedAnswerSource,
  ScriptedPart,
  ScriptedRequest,
  ScriptedStep,
  ScriptedToolCall,
} from "./scripted-answer.ts";
export { ScriptedModel } from "./scripted-model.ts";
export { type ServedHarness, type ServedHarnessOptions, servedHarness } from "./served-harness.ts";
export { type HarnessOptions, harness, type SessionHarness } from "./session-harness.ts";
export { type SocketPair, type SocketPairOptions, socketPair } from "./socket-pair.ts";
export { type EndingHarness, withHarness } from "./with-harness.ts";
