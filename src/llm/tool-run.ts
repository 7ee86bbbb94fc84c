import { messageOf, TrunklineError } from "../errors.ts";
import type { FunctionCall } from "../frames/index.ts";
import { deferred } from "../util/index.ts";
import type { Tool } from "./tool.ts";

/** What the model asked for, its arguments read. */
export interface PreparedCall extends FunctionCall {
  /** Why it cannot be run as it is. */
  readonly problem: string | undefined;
}

export type ToolOutcome =
  | { readonly type: "returned"; readonly result: unknown }
  | { readonly type: "failed"; readonly error: TrunklineError }
  /** Nobody wants the result any more; the model is told nothing. */
  | { readonly type: "cancelled" };

/** One call of a tool, from its start to the first of: it returned, failed, was late, was cancelled, was settled. */
export class ToolRun {
  readonly call: PreparedCall;
  readonly cancelOnInterruption: boolean;
  /** True keeps the model from answering the result. */
  quiet = false;
  readonly #outcome = deferred<ToolOutcome>();
  readonly #abort = new AbortController();
  readonly #over: Promise<void>;
  readonly #timer: ReturnType<typeof setTimeout> | undefined;
  #open = true;
  #cancelled = false;

  /** One that begins `stopped` finds its signal aborted. */
  constructor(call: PreparedCall, tool: Tool | undefined, stopped: boolean) {
    this.call = call;
    this.cancelOnInterruption = tool?.cancelOnInterruption ?? true;
    this.#timer = this.#startTimer(tool?.timeoutMs);
    if (stopped) this.stop();
    this.#over = this.#run(tool);
  }

  /** Resolves once the tool itself is through, which may be long after the outcome. */
  get over(): Promise<void> {
    return this.#over;
  }

  get outcome(): Promise<ToolOutcome> {
    return this.#outcome.promise;
  }

  /** True until there is an outcome. */
  get open(): boolean {
    return this.#open;
  }

  get cancelled(): boolean {
    return this.#cancelled;
  }

  /** Tells the tool to stop and does not wait until it does. */
  cancel(): void {
    this.#cancelled = true;
    this.settle({ type: "cancelled" });
    this.stop();
  }

  /** Tells the tool to stop, whatever the outcome is or was. */
  stop(): void {
    this.#abort.abort();
  }

  /** Decides the outcome from outside; what the tool still does is left to it, and what it returns is dropped. */
  settle(outcome: ToolOutcome): void {
    this.#open = false;
    clearTimeout(this.#timer);
    this.#outcome.resolve(outcome);
  }

  async #run(tool: Tool | undefined): Promise<void> {
    try {
      this.settle({ type: "returned", result: plainJson(await this.#execute(tool)) });
    } catch (error) {
      this.#fail(messageOf(error), error);
    }
  }

  async #execute(tool: Tool | undefined): Promise<unknown> {
    const { problem, functionName, toolCallId } = this.call;
    if (tool === undefined) throw new TrunklineError("TL_TOOL_FAILED", `There is no tool "${functionName}".`);
    if (problem !== undefined) throw new TrunklineError("TL_TOOL_FAILED", problem);
    return tool.run(this.call.arguments, { functionName, toolCallId, signal: this.#abort.signal });
  }

  #startTimer(timeoutMs: number | undefined): ReturnType<typeof setTimeout> | undefined {
    if (timeoutMs === undefined) return undefined;
    return setTimeout(() => {
      const late = new DOMException(`The tool gave no result within ${timeoutMs} ms.`, "TimeoutError");
      this.#fail(late.message, late);
      this.#abort.abort(late);
    }, timeoutMs);
  }

  #fail(message: string, cause: unknown): void {
    this.settle({ type: "failed", error: new TrunklineError("TL_TOOL_FAILED", message, { cause }) });
  }
}

/** The value as it will read once it has been sent: dates are text, what JSON does not know is gone. */
function plainJson(value: unknown): unknown {
  const text = JSON.stringify(value) as string | undefined;
  return text === undefined ? undefined : JSON.parse(text);
}
