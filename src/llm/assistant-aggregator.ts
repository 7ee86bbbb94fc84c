import {
  CancelFrame,
  EndFrame,
  type Frame,
  type FrameDirection,
  FunctionCallCancelFrame,
  FunctionCallInProgressFrame,
  FunctionCallResultFrame,
  FunctionCallsStartedFrame,
  InterimTranscriptionFrame,
  InterruptionFrame,
  isSpecificMessage,
  type LLMContext,
  LLMFullResponseEndFrame,
  LLMFullResponseStartFrame,
  LLMTextFrame,
  StopFrame,
  TextFrame,
  TranscriptionFrame,
  TTSSpeakFrame,
} from "../frames/index.ts";
import { CallLedger } from "./call-ledger.ts";
import { ContextAggregator, type SharedByAggregators } from "./context-aggregator.ts";
import { inProgressResult } from "./tool-exchange.ts";
import { resultText } from "./tool-schemas.ts";

/** What the bot said in one go. */
export interface AssistantTurnData {
  /** What the bot said, as it stands in the conversation. */
  readonly content: string;
  /** True when it was broken off. */
  readonly interrupted: boolean;
}

/** What the assistant aggregator tells those that listen with `on`. */
export interface LLMAssistantAggregatorEvents {
  /** Something the bot said has been added to the conversation: an answer, or what came before its tool calls. */
  turnStopped: AssistantTurnData;
}

/**
 * Adds what the bot says and does to the conversation. It stands behind the transport's output, so that an interrupted
 * answer is remembered as far as it came. All frames but those that change the conversation pass.
 *
 * 1. An answer becomes one message, at its end or at the interruption.
 * 2. A tool call becomes a message of the assistant and one of the tool, which holds a placeholder until the result is
 *    there.
 * 3. After the last result of the calls of one answer the model is asked again, upstream, once, unless that result
 *    says otherwise. An explicit `runLlm: true` asks at once. While the user speaks, the question waits for the end of
 *    the turn.
 */
export class LLMAssistantAggregator extends ContextAggregator<LLMAssistantAggregatorEvents> {
  readonly #calls = new CallLedger();
  /** How many answers have begun and not ended: that of an agent that handed over may end during the next one's. */
  #answers = 0;
  /** An answer has begun since the last interruption. Its words are heard, also behind the late end of another. */
  #answering = false;
  #said = "";

  constructor(context: LLMContext, options: SharedByAggregators = {}) {
    super(context, "upstream", options);
  }

  override process(frame: Frame, direction: FrameDirection): void | Promise<void> {
    const obeyed = this.obey(frame);
    if (obeyed !== undefined) return obeyed;
    // What the bot does comes downstream; on its way back the same kind of frame says nothing new.
    const follow = direction === "downstream" && this.#take(frame);
    const passed = this.push(frame, direction);
    return follow ? this.askModel() : passed;
  }

  /** Notes what happened; true when the model has something to answer now. */
  #take(frame: Frame): boolean {
    if (frame instanceof LLMFullResponseStartFrame) this.#startAnswer();
    else if (frame instanceof LLMFullResponseEndFrame) this.#endAnswer();
    else if (isEnd(frame)) this.#breakOff(isBreak(frame));
    else if (frame instanceof TTSSpeakFrame) this.#speak(frame);
    else if (frame instanceof TextFrame) this.#hear(frame);
    else if (frame instanceof FunctionCallsStartedFrame) this.#calls.announce(frame.functionCalls);
    else if (frame instanceof FunctionCallInProgressFrame) this.#startCall(frame);
    else if (frame instanceof FunctionCallResultFrame) return this.#finishCall(frame);
    else if (frame instanceof FunctionCallCancelFrame) this.#cancelCall(frame);
    return false;
  }

  #startAnswer(): void {
    this.#remember();
    this.#answers += 1;
    this.#answering = true;
  }

  #endAnswer(): void {
    this.#remember();
    this.#answers = Math.max(0, this.#answers - 1);
  }

  #breakOff(interrupted: boolean): void {
    this.#remember(interrupted);
    this.#answers = 0;
    this.#answering = false;
  }

  #remember(interrupted = false): void {
    const said = this.#said;
    this.#said = "";
    this.#add(said, interrupted);
  }

  #add(said: string, interrupted: boolean): void {
    const content = said.trim();
    if (content === "") return;
    this.context.add({ role: "assistant", content });
    this.grown();
    this.tell("turnStopped", { content, interrupted });
  }

  #hear(frame: TextFrame): void {
    const belongs = this.#answers > 0 || (this.#answering && frame instanceof LLMTextFrame);
    if (!belongs || !frame.appendToContext || isUsersWord(frame)) return;
    const apart = this.#said !== "" && !frame.includesInterFrameSpaces && !/\s$/.test(this.#said);
    this.#said += apart ? ` ${frame.text}` : frame.text;
  }

  #speak({ text, appendToContext }: TTSSpeakFrame): void {
    if (!appendToContext || text.trim() === "") return;
    this.#remember();
    this.#add(text, false);
  }

  #startCall(frame: FunctionCallInProgressFrame): void {
    if (!this.#calls.start(frame)) return;
    this.#remember();
    const { toolCallId, functionName } = frame;
    const call = { name: functionName, arguments: JSON.stringify(frame.arguments ?? {}) };
    this.context.add(
      { role: "assistant", tool_calls: [{ id: toolCallId, type: "function", function: call }] },
      { role: "tool", tool_call_id: toolCallId, content: inProgressResult },
    );
    this.grown();
  }

  #finishCall({ toolCallId, result, runLlm }: FunctionCallResultFrame): boolean {
    const finished = this.#calls.finish(toolCallId);
    if (finished === undefined) return false;
    this.#writeResult(toolCallId, resultText(result));
    return runLlm ?? finished.last;
  }

  #cancelCall({ toolCallId }: FunctionCallCancelFrame): void {
    if (this.#calls.cancel(toolCallId)) this.#writeResult(toolCallId, "CANCELLED");
  }

  // The last of that id: some models count their calls anew in every answer.
  #writeResult(toolCallId: string, content: string): void {
    const messages = [...this.context.messages];
    const index = messages.findLastIndex(
      (message) => !isSpecificMessage(message) && message.role === "tool" && message.tool_call_id === toolCallId,
    );
    const message = messages[index];
    if (message === undefined) return;
    messages[index] = { ...message, content };
    this.context.replace(messages);
  }
}

function isEnd(frame: Frame): boolean {
  return [InterruptionFrame, EndFrame, StopFrame, CancelFrame].some((ending) => frame instanceof ending);
}

function isBreak(frame: Frame): boolean {
  return frame instanceof InterruptionFrame || frame instanceof CancelFrame;
}

function isUsersWord(frame: TextFrame): boolean {
  return frame instanceof TranscriptionFrame || frame instanceof InterimTranscriptionFrame;
}
