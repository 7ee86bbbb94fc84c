import { type AgentBus, BusFrameMessage } from "../bus/index.ts";
import {
  ErrorFrame,
  type Frame,
  type FrameClass,
  type FrameDirection,
  FunctionCallCancelFrame,
  FunctionCallsStartedFrame,
  isInterruptible,
  LLMMessagesAppendFrame,
  LLMMessagesUpdateFrame,
  LLMSetToolChoiceFrame,
  LLMSetToolsFrame,
  SystemFrame,
} from "../frames/index.ts";
import { FrameProcessor, Pipeline } from "../pipeline/index.ts";
import { done } from "../util/index.ts";
import { asGuest, mayCross } from "./crossing.ts";

export interface BusEdgesOptions {
  readonly bus: AgentBus;
  readonly agentName: string;
  /** Names of the bridges whose frames are taken; an empty list takes all, unnamed ones too. */
  readonly bridges: readonly string[];
  readonly excludeFrames: readonly FrameClass[];
  /** Frames of an inactive agent stay where they are. */
  isActive(): boolean;
}

/**
 * Both ends of a bridged agent's pipeline: what leaves it goes to the bus, what the bus brings enters it.
 *
 * 1. Only an active agent takes and gives. What must not be lost (the result of a tool, or that it was cancelled)
 *    leaves in any case, so that a conversation handed over in the middle stays complete; its own messages, tools and
 *    tool choice do not: they would stand in the place of those of the agent that is active now.
 * 2. A frame that only passed through goes back to whoever sent it, to nobody else, and once: bridged agents do not
 *    echo each other, on one bus or across a proxy.
 * 3. What is sent carries the name of the bridge that was heard last, so that answers find a named bridge.
 * 4. An error of this pipeline is told on both sides of the edge; only here can it be fatal.
 */
export class BusEdges {
  readonly #options: BusEdgesOptions;
  readonly #senders = new WeakMap<Frame, string>();
  #bridge: string | undefined;

  constructor(options: BusEdgesOptions) {
    this.#options = options;
    this.#bridge = options.bridges[0];
  }

  wrap(pipeline: Pipeline): Pipeline {
    const leave = (frame: Frame, direction: FrameDirection) => this.#leave(frame, direction);
    return new Pipeline([new Edge("upstream", leave), pipeline, new Edge("downstream", leave)]);
  }

  /** The frame that is to enter, if one is; its sender and the bridge are noted. */
  admit(message: BusFrameMessage): Frame | undefined {
    const { agentName, bridges, isActive } = this.#options;
    if (message.source === agentName || !isActive()) return undefined;
    if (message.target !== undefined && message.target !== agentName) return undefined;
    // What another pipeline's life is about must not become this one's.
    if (!mayCross(message.frame, [])) return undefined;
    if (bridges.length > 0 && (message.bridge === undefined || !bridges.includes(message.bridge))) return undefined;
    const frame = asGuest(message.frame);
    this.#senders.set(frame, message.source);
    this.#bridge = message.bridge;
    return frame;
  }

  /** Returns nothing when the frame is to pass. */
  #leave(frame: Frame, direction: FrameDirection): Promise<void> | undefined {
    const { excludeFrames, isActive } = this.#options;
    if (!mayCross(frame, excludeFrames)) return undefined;
    const sender = this.#senders.get(frame);
    if (frame instanceof ErrorFrame && sender === undefined) {
      const copy = new ErrorFrame({ error: frame.error, processor: frame.processor });
      // The frame itself is reported here; if the bus is gone there is nobody left to tell.
      this.#send(copy, direction, undefined).catch(() => {});
      return undefined;
    }
    if (!isActive() && mayStay(frame, sender === undefined)) return done;
    if (sender !== undefined) {
      if (frame.metadata[returnedMark] === true) return done;
      frame.metadata[returnedMark] = true;
    }
    return this.#send(frame, direction, sender);
  }

  #send(frame: Frame, direction: FrameDirection, target: string | undefined): Promise<void> {
    const { bus, agentName } = this.#options;
    return bus.send(new BusFrameMessage({ source: agentName, target, frame, direction, bridge: this.#bridge }));
  }
}

const conversationChanges: readonly FrameClass[] = [
  LLMMessagesAppendFrame,
  LLMMessagesUpdateFrame,
  LLMSetToolsFrame,
  LLMSetToolChoiceFrame,
];

const callMarks: readonly FrameClass[] = [FunctionCallsStartedFrame, FunctionCallCancelFrame];

/** True for what need not leave an agent that is inactive; `own` is what did not come from the bus. */
function mayStay(frame: Frame, own: boolean): boolean {
  // Without them a conversation would wait for ever for the result of a call, or ask twice for an answer.
  if (callMarks.some((mark) => frame instanceof mark)) return false;
  if (isInterruptible(frame) || frame instanceof SystemFrame) return true;
  return own && conversationChanges.some((change) => frame instanceof change);
}

// Crosses with the frame, where neither an object's identity nor an id does.
const returnedMark = "trunkline:returned";

/** One end: frames that travel outward leave, all others pass. */
class Edge extends FrameProcessor {
  readonly #outward: FrameDirection;
  readonly #leave: (frame: Frame, direction: FrameDirection) => Promise<void> | undefined;

  constructor(outward: FrameDirection, leave: (frame: Frame, direction: FrameDirection) => Promise<void> | undefined) {
    super();
    this.#outward = outward;
    this.#leave = leave;
  }

  override process(frame: Frame, direction: FrameDirection): void | Promise<void> {
    const left = direction === this.#outward ? this.#leave(frame, direction) : undefined;
    return left ?? this.push(frame, direction);
  }
}
