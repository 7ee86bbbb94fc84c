import type { TrunklineError } from "../errors.ts";
import {
  type Frame,
  FunctionCallCancelFrame,
  FunctionCallInProgressFrame,
  FunctionCallResultFrame,
} from "../frames/index.ts";
import { type Deferred, deferred, done } from "../util/index.ts";
import type { Tool } from "./tool.ts";
import { type PreparedCall, ToolRun } from "./tool-run.ts";

export interface ToolRunnerOptions {
  push(frame: Frame): Promise<void>;
  report(error: TrunklineError): Promise<void>;
}

/**
 * Runs the tools that a model asks for, beside the pipeline.
 *
 * 1. The calls of one answer run at the same time; their results are pushed in the order of the calls.
 * 2. Every call that was announced is followed by exactly one result or one cancellation.
 * 3. A call is active from its announcement until its result has been pushed.
 */
export class ToolRunner {
  readonly #options: ToolRunnerOptions;
  readonly #active = new Set<ToolRun>();
  // Also those that have an outcome, but a tool that goes on.
  readonly #running = new Set<ToolRun>();
  #ended = false;
  #idle: Deferred<void> | undefined;
  #silences = 0;

  constructor(options: ToolRunnerOptions) {
    this.#options = options;
  }

  get active(): boolean {
    return this.#active.size > 0;
  }

  /** Resolves once no call is active. */
  get idle(): Promise<void> {
    if (!this.active) return done;
    this.#idle ??= deferred();
    return this.#idle.promise;
  }

  /** How often it was silenced: an answer that began before the last time asks for calls that are silent, too. */
  get silences(): number {
    return this.#silences;
  }

  /**
   * Announces the calls of one answer and starts them; resolves once all of their results have been pushed.
   * `silences` is what {@link silences} was when the answer began.
   */
  async run(
    calls: readonly PreparedCall[],
    tools: Readonly<Record<string, Tool>>,
    silences = this.#silences,
  ): Promise<void> {
    const groupId = calls[0]?.toolCallId;
    const runs = calls.map((call) => {
      const tool = Object.hasOwn(tools, call.functionName) ? tools[call.functionName] : undefined;
      return this.#start(call, tool);
    });
    for (const run of runs) {
      run.quiet = silences !== this.#silences;
      this.#active.add(run);
    }
    for (const { call, cancelOnInterruption, cancelled } of runs) {
      // While the ones before it were announced, which takes its time when too much waits downstream.
      if (cancelled) continue;
      await this.#options.push(new FunctionCallInProgressFrame({ ...bare(call), cancelOnInterruption, groupId }));
    }
    for (const run of runs) {
      await this.#deliver(run);
      this.#active.delete(run);
      if (!this.active) this.#becomeIdle();
    }
  }

  /** Cancels the calls that an interruption ends. */
  async interrupt(): Promise<void> {
    await this.#cancel((run) => run.cancelOnInterruption);
  }

  /** Cancels every call, also what is left of calls that were settled, and lets none start after it. */
  async end(): Promise<void> {
    await this.#cancel(() => true);
    this.#ended = true;
    for (const run of this.#running) run.stop();
  }

  /** The model will not answer the results of the calls that are active now. */
  silence(): void {
    this.#silences += 1;
    for (const run of this.#active) run.quiet = true;
  }

  /** Gives every active call an empty result now, which the model will not answer; the tools go on by themselves. */
  async settle(): Promise<void> {
    this.silence();
    for (const run of this.#active) run.settle({ type: "returned", result: undefined });
    await this.idle;
  }

  #start(call: PreparedCall, tool: Tool | undefined): ToolRun {
    const run = new ToolRun(call, tool, this.#ended);
    this.#running.add(run);
    void run.over.then(() => this.#running.delete(run));
    return run;
  }

  async #cancel(which: (run: ToolRun) => boolean): Promise<void> {
    const cancelled = [...this.#active].filter((run) => run.open && which(run));
    for (const run of cancelled) run.cancel();
    for (const { call } of cancelled) {
      const { functionName, toolCallId } = call;
      await this.#options.push(new FunctionCallCancelFrame({ functionName, toolCallId }));
    }
  }

  async #deliver(run: ToolRun): Promise<void> {
    const outcome = await run.outcome;
    if (outcome.type === "cancelled") return;
    const result = outcome.type === "returned" ? outcome.result : { error: outcome.error.message };
    if (outcome.type === "failed") await this.#options.report(outcome.error);
    await this.#options.push(
      new FunctionCallResultFrame({ ...bare(run.call), result, runLlm: run.quiet ? false : undefined }),
    );
  }

  #becomeIdle(): void {
    this.#idle?.resolve();
    this.#idle = undefined;
  }
}

function bare({ functionName, toolCallId, arguments: args }: PreparedCall) {
  return { functionName, toolCallId, arguments: args };
}
