/**
 * What tests of agents need: harnesses, a scripted model, collectors, sockets in memory, a clock to move. Runs
 * everywhere.
 *
 * @module trunkline/testing
 */

export {
  type EndingHarness,
  type ExpectedError,
  FrameCollector,
  type FrameWaitOptions,
  type HarnessOptions,
  harness,
  type JoinedHarness,
  type JoinedHarnessOptions,
  joinedHarness,
  type MemorySocket,
  type MemorySocketEvents,
  MovableClock,
  type PassedFrame,
  RecordingSubscriber,
  type ScriptedAnswer,
  type ScriptedAnswerSource,
  ScriptedModel,
  type ScriptedPart,
  type ScriptedRequest,
  type ScriptedStep,
  type ScriptedToolCall,
  type ServedHarness,
  type ServedHarnessOptions,
  type SessionHarness,
  type SocketPair,
  type SocketPairOptions,
  servedHarness,
  socketPair,
  type WaitOptions,
  withHarness,
} from "./testing/index.ts";
