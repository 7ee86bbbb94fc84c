import { messageOf, TrunklineError } from "../errors.ts";
import type { FunctionCall } from "../frames/index.ts";
import { deferred, type LinkedAbort, linkAbort } from "../util/index.ts";
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
  readonly #link: LinkedAbort;
  readonly #timer: ReturnType<typeof setTimeout> | undefined;
  #open = true;
  #cancelled = false;

  constructor(call: PreparedCall, tool: Tool | undefined, ended: AbortSignal) {
    this.call = call;
    this.cancelOnInterruption = tool?.cancelOnInterruption ?? true;
    this.#link = linkAbort(ended);
    this.#timer = this.#startTimer(tool?.timeoutMs);
    void this.#run(tool);
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
    this.#link.abort();
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
    } finally {
      this.#link[Symbol.dispose]();
    }
  }

  async #execute(tool: Tool | undefined): Promise<unknown> {
    const { problem, functionName, toolCallId } = this.call;
    if (tool === undefined) throw new TrunklineError("TL_TOOL_FAILED", `There is no tool "${functionName}".`);
    if (problem !== undefined) throw new TrunklineError("TL_TOOL_FAILED", problem);
    return tool.run(this.call.arguments, { functionName, toolCallId, signal: this.#link.signal });
  }

  #startTimer(timeoutMs: number | undefined): ReturnType<typeof setTimeout> | undefined {
    if (timeoutMs === undefined) return undefined;
    return setTimeout(() => {
      const late = new DOMException(`The tool gave no result within ${timeoutMs} ms.`, "TimeoutError");
      this.#fail(late.message, late);
      this.#link.abort(late);
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
