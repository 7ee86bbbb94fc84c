import fc, { type Arbitrary } from "fast-check";
import * as bus from "../../src/bus/index.ts";
import type { Frame } from "../../src/frames/index.ts";
import * as wire from "../../src/wire/index.ts";
import { frameFields } from "./frame-arbitraries.ts";
import { flag, type Init, json, maybe, moment, record, text } from "./values.ts";

export { json };

const address: Init = { source: text, target: maybe(text) };
const reason: Init = { reason: maybe(text) };
const id: Init = { taskId: text };
const entry = { parent: maybe(text), active: flag, bridged: flag, startedAt: maybe(moment) };
const response: Init = { ...id, status: fc.constantFrom("completed", "cancelled", "failed", "error"), response: json };
const update: Init = { ...id, update: json };
const stream: Init = { ...id, data: json };
// Arguments in which both spellings of the one translated key meet cannot come back as they were.
const args = record.filter((value) => !("run_llm" in value));

const messageFields = new Map<unknown, Init>([
  [bus.BusDataMessage, {}],
  [bus.BusSystemMessage, {}],
  [
    bus.BusActivateAgentMessage,
    { args: maybe(fc.tuple(args, maybe(flag)).map(([rest, runLlm]) => ({ ...rest, runLlm }))) },
  ],
  [bus.BusDeactivateAgentMessage, {}],
  [bus.BusEndMessage, reason],
  [bus.BusEndAgentMessage, reason],
  [bus.BusCancelMessage, reason],
  [bus.BusCancelAgentMessage, reason],
  [
    bus.BusAgentRegistryMessage,
    { runner: text, agents: fc.array(fc.record({ name: text, ...entry }), { maxLength: 3 }) },
  ],
  [bus.BusAgentReadyMessage, { runner: text, ...entry }],
  [bus.BusAgentGoneMessage, { runner: text, agents: fc.array(text, { maxLength: 3 }), ...reason }],
  [bus.BusRunnerHeartbeatMessage, { runner: text, intervalMs: fc.nat() }],
  [bus.BusAgentErrorMessage, { error: text }],
  [bus.BusTaskRequestMessage, { ...id, taskName: maybe(text), payload: json }],
  [bus.BusTaskResponseMessage, response],
  [bus.BusTaskResponseUrgentMessage, response],
  [bus.BusTaskUpdateMessage, update],
  [bus.BusTaskUpdateUrgentMessage, update],
  [bus.BusTaskUpdateRequestMessage, id],
  [bus.BusTaskCancelMessage, { ...id, ...reason }],
  [bus.BusTaskStreamStartMessage, stream],
  [bus.BusTaskStreamDataMessage, stream],
  [bus.BusTaskStreamEndMessage, stream],
]);

const uiJob: Init = { jobId: text, at: moment };
const pipecatFields = new Map<unknown, Init>([
  [wire.PipecatBusMessage, {}],
  [wire.BusTTSSpeakMessage, { text, appendToContext: flag }],
  [wire.BusUIEventMessage, { eventName: text, payload: json }],
  [wire.BusUICommandMessage, { commandName: text, payload: json }],
  [
    wire.BusUIJobGroupStartedMessage,
    { ...uiJob, workers: maybe(fc.array(text)), label: maybe(text), cancellable: flag },
  ],
  [wire.BusUIJobUpdateMessage, { ...uiJob, workerName: text, data: json }],
  [wire.BusUIJobCompletedMessage, { ...uiJob, workerName: text, status: text, response: json }],
  [wire.BusUIJobGroupCompletedMessage, uiJob],
]);

const notes: Init = {
  pts: maybe(fc.maxSafeNat()),
  metadata: record,
  transportSource: maybe(text),
  transportDestination: maybe(text),
};

export interface Sample<T> {
  readonly name: string;
  readonly Class: unknown;
  readonly arbitrary: Arbitrary<T>;
}

type Constructor<T> = (new (init: object) => T) & { readonly name: string };

function samples<T>(table: ReadonlyMap<unknown, Init>, base: Init): readonly Sample<T>[] {
  return [...table].map(([Class, init]) => {
    const Constructor = Class as Constructor<T>;
    const arbitrary = fc.record({ ...base, ...init }).map((fields) => new Constructor(fields));
    return { name: Constructor.name, Class, arbitrary };
  });
}

export const messageSamples: readonly Sample<bus.BusMessage>[] = samples(messageFields, address);
export const pipecatSamples: readonly Sample<bus.BusMessage>[] = samples(pipecatFields, address);
export const frameSamples: readonly Sample<bus.BusFrameMessage>[] = samples<Frame>(frameFields, notes).map(
  ({ name, Class, arbitrary }) => ({
    name,
    Class,
    arbitrary: fc
      .record({
        source: text,
        target: maybe(text),
        frame: fc.tuple(arbitrary, maybe(fc.maxSafeNat())).map(([frame, sibling]) => {
          frame.broadcastSiblingId = sibling;
          return frame;
        }),
        direction: fc.constantFrom("downstream" as const, "upstream" as const),
        bridge: maybe(text),
      })
      .map((init) => new bus.BusFrameMessage(init)),
  }),
);
