import { ControlFrame, DataFrame, type FrameInit, SystemFrame } from "./frame.ts";

/** A tool that the model asked for. */
export interface FunctionCall {
  readonly functionName: string;
  readonly toolCallId: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

export interface FunctionCallsStartedFrameInit extends FrameInit {
  readonly functionCalls: readonly FunctionCall[];
}

/** The model asked for these tools; they are about to run. */
export class FunctionCallsStartedFrame extends SystemFrame {
  readonly functionCalls: readonly FunctionCall[];

  constructor(init: FunctionCallsStartedFrameInit) {
    super(init);
    this.functionCalls = init.functionCalls;
  }
}

export interface FunctionCallInProgressFrameInit extends FrameInit, FunctionCall {
  /** Whether an interruption cancels the call. Default false. */
  readonly cancelOnInterruption?: boolean | undefined;
  /** Shared by the calls of one answer. */
  readonly groupId?: string | undefined;
}

/** A tool runs. */
export class FunctionCallInProgressFrame extends ControlFrame {
  static override readonly interruptible = false;
  readonly functionName: string;
  readonly toolCallId: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly cancelOnInterruption: boolean;
  readonly groupId: string | undefined;

  constructor(init: FunctionCallInProgressFrameInit) {
    super(init);
    this.functionName = init.functionName;
    this.toolCallId = init.toolCallId;
    this.arguments = init.arguments;
    this.cancelOnInterruption = init.cancelOnInterruption ?? false;
    this.groupId = init.groupId;
  }
}

export interface FunctionCallResultFrameInit extends FrameInit, FunctionCall {
  /** Any JSON; undefined stands for a tool that returned nothing. */
  readonly result: unknown;
  /** Whether the model answers the result. Default: once the last call of its group is done. */
  readonly runLlm?: boolean | undefined;
  /** What went wrong when the tool failed; `result` is then what the model is told about it. */
  readonly error?: string | undefined;
}

/** A tool has returned. */
export class FunctionCallResultFrame extends DataFrame {
  static override readonly interruptible = false;
  readonly functionName: string;
  readonly toolCallId: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly result: unknown;
  readonly runLlm: boolean | undefined;
  readonly error: string | undefined;

  constructor(init: FunctionCallResultFrameInit) {
    super(init);
    this.functionName = init.functionName;
    this.toolCallId = init.toolCallId;
    this.arguments = init.arguments;
    this.result = init.result;
    this.runLlm = init.runLlm;
    this.error = init.error;
  }
}

export interface FunctionCallCancelFrameInit extends FrameInit {
  readonly functionName: string;
  readonly toolCallId: string;
  /**
   * Whether the model is to go on without a result, as after a call that took too long. It is for Python peers and for
   * your own processors; the aggregators here do not act on it. Default false.
   */
  readonly runLlm?: boolean | undefined;
}

/** A tool was cancelled before it returned. */
export class FunctionCallCancelFrame extends SystemFrame {
  readonly functionName: string;
  readonly toolCallId: string;
  readonly runLlm: boolean;

  constructor(init: FunctionCallCancelFrameInit) {
    super(init);
    this.functionName = init.functionName;
    this.toolCallId = init.toolCallId;
    this.runLlm = init.runLlm ?? false;
  }
}
