import {
  type Frame,
  type FrameDirection,
  InterruptionFrame,
  LLMContextFrame,
  type LLMContextMessage,
  LLMFullResponseEndFrame,
  LLMFullResponseStartFrame,
} from "../../frames/index.ts";
import { FrameProcessor } from "../../pipeline/index.ts";
import { type NodeChange, unanswered } from "./node-change.ts";

/** What the gate tells the flow. */
export interface FlowGateListener {
  /** The change was lost on its way to the conversation, in which these words wait for an answer. */
  onLost(change: NodeChange, words: readonly LLMContextMessage[]): void;
  /** The model is about to be asked. */
  onAsked(): void;
  onAnswerStarted(): void;
  onAnswerEnded(): void;
}

/** What happened while the flow went to another node. */
export interface FlowHold {
  /** Somebody asked for an answer, after any interruption. */
  readonly asked: boolean;
  readonly interrupted: boolean;
  /** The words that were to be answered. */
  readonly words: readonly LLMContextMessage[];
}

const quiet: FlowHold = { asked: false, interrupted: false, words: [] };

/**
 * Stands on both sides of the model and keeps a change of node and the answers apart.
 *
 * 1. While the flow is on its way, no answer is begun: the one the new node gives answers what was asked meanwhile.
 * 2. In the host of a Python peer an interruption drops the messages of a node that wait there. When the conversation
 *    comes back without them, they are sent once more, and the answer waits for them.
 */
export class FlowGate {
  readonly above: FrameProcessor = new GateSide(this);
  readonly below: FrameProcessor = new GateSide(this);
  readonly #listener: FlowGateListener;
  #holds = 0;
  #held = quiet;
  #sent: NodeChange | undefined;
  #interruptedSince = false;

  constructor(listener: FlowGateListener) {
    this.#listener = listener;
  }

  /** What has happened since the flow set out. */
  get held(): FlowHold {
    return this.#held;
  }

  /** From now on the flow is on its way; as many calls of {@link release} end that. */
  hold(): void {
    this.#holds += 1;
  }

  /** The flow has come to a node; false when it goes on to another at once. */
  release(): boolean {
    this.#holds -= 1;
    if (this.#holds > 0) return false;
    this.#held = quiet;
    return true;
  }

  /** The change is on its way to the conversation. */
  expect(change: NodeChange): void {
    this.#sent = change;
    this.#interruptedSince = false;
  }

  /** True when the frame may go on. */
  admits(frame: Frame, direction: FrameDirection): boolean {
    if (frame instanceof InterruptionFrame) this.#interrupt();
    if (frame instanceof LLMContextFrame) return this.#mayBeAnswered(frame.context.messages);
    if (direction === "downstream" && frame instanceof LLMFullResponseStartFrame) this.#listener.onAnswerStarted();
    return true;
  }

  /** Called once the frame has gone on. */
  passed(frame: Frame, direction: FrameDirection): void {
    if (direction === "downstream" && frame instanceof LLMFullResponseEndFrame) this.#listener.onAnswerEnded();
  }

  #interrupt(): void {
    this.#interruptedSince = true;
    if (this.#holds > 0) this.#held = { ...this.#held, asked: false, interrupted: true };
  }

  #mayBeAnswered(conversation: readonly LLMContextMessage[]): boolean {
    const words = unanswered(conversation);
    if (this.#holds > 0) {
      this.#held = { ...this.#held, asked: true, words };
      return false;
    }
    const sent = this.#sent;
    const arrived = sent === undefined || sent.isIn(conversation);
    if (arrived || this.#interruptedSince) this.#sent = undefined;
    if (arrived || !this.#interruptedSince) {
      this.#listener.onAsked();
      return true;
    }
    this.#listener.onLost(sent, words);
    return false;
  }
}

class GateSide extends FrameProcessor {
  readonly #gate: FlowGate;

  constructor(gate: FlowGate) {
    super();
    this.#gate = gate;
  }

  override async process(frame: Frame, direction: FrameDirection): Promise<void> {
    if (!this.#gate.admits(frame, direction)) return;
    await this.push(frame, direction);
    this.#gate.passed(frame, direction);
  }
}
