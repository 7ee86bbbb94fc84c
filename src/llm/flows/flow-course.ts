import { messageOf, TrunklineError } from "../../errors.ts";
import {
  type Frame,
  type LLMContextMessage,
  LLMMessagesAppendFrame,
  LLMMessagesUpdateFrame,
  LLMRunFrame,
  LLMSetToolsFrame,
} from "../../frames/index.ts";
import { done } from "../../util/index.ts";
import type { Tool } from "../tool.ts";
import { toolSchemas } from "../tool-schemas.ts";
import { changeOfNode } from "./change-of-node.ts";
import { type FlowDefinition, requireNode } from "./define-flow.ts";
import { FlowGate } from "./flow-gate.ts";
import type { FlowAction, FlowFunctions, FlowNode, FlowNodeSource, FlowRun, NamedFlowNode } from "./flow-node.ts";
import { flowTools } from "./flow-tools.ts";
import type { NodeChange } from "./node-change.ts";

/** What a flow needs of its agent. */
export interface FlowHost<State> {
  readonly definition: FlowDefinition<State>;
  readonly flow: FlowRun<State>;
  /** The agent's own tools, which the model has in every node. */
  readonly tools: Readonly<Record<string, Tool>>;
  /** False once the conversation is no longer this agent's. */
  readonly active: boolean;
  /** As the model last saw it. */
  readonly conversation: readonly LLMContextMessage[];
  /** Aborts when the agent ends. */
  readonly signal: AbortSignal;
  /** Resolves once no function runs. */
  readonly toolsIdle: Promise<void>;
  silenceToolCalls(): void;
  replaceTools(tools: Readonly<Record<string, Tool>>): void;
  queueFrame(frame: Frame): Promise<void>;
  report(error: unknown): void;
}

interface Destination<State> {
  readonly name: string;
  readonly source: FlowNodeSource<State>;
}

interface Journey<State> {
  /** Where to; asked once it begins. */
  readonly find: () => Destination<State>;
  /** What sent the flow there; the results of functions that did nobody has answered. */
  readonly cause: "activation" | "function" | "program";
  /** What the agent was activated with. */
  readonly briefing: readonly LLMContextMessage[];
  /** False keeps the node from answering at once. */
  readonly runLlm: boolean;
}

interface Request<State> {
  readonly to: Destination<State>;
  readonly order: number;
  readonly cause: "function" | "program";
}

/**
 * Where a flow is, and how it goes on.
 *
 * 1. A function's `next` is followed once no function runs any more and all results are in the conversation, once for
 *    all the calls: the one that was called last decides. The results are not answered, the node's messages are.
 * 2. A node is entered in this order: pre-actions, tools, messages. Entries and actions never overlap.
 * 3. The post-actions follow the first answer that begins after the messages were sent; when a function of that answer
 *    leads on, they come before the next node.
 * 4. A function of a node that has been left does its work, and moves the flow no more.
 */
export class FlowCourse<State> {
  readonly gate = new FlowGate({
    onLost: (change, words) => void this.#enqueue(() => this.#send(change, words, true)),
    onAsked: () => {
      this.#askedHere = true;
    },
    onAnswerStarted: () => {
      // The answer whose function led here may pass late; it is not this node's.
      this.#answering = this.#askedHere && this.#postActions.length > 0;
    },
    onAnswerEnded: () => {
      if (this.#answering) void this.#enqueue(() => this.#finishNode());
    },
  });
  readonly #host: FlowHost<State>;
  #here: Destination<State> | undefined;
  #entries = 0;
  #calls = 0;
  #request: Request<State> | undefined;
  #resumeAt: Destination<State> | undefined;
  #roleMessages: readonly LLMContextMessage[] = [];
  /** The node's, until they are begun. */
  #postActions: readonly FlowAction<State>[] = [];
  /** The model has been asked since the node was entered. */
  #askedHere = false;
  /** The answer that the post-actions follow has begun. */
  #answering = false;
  #work: Promise<void> = done;

  constructor(host: FlowHost<State>) {
    this.#host = host;
  }

  get node(): string | undefined {
    return this.#here?.name;
  }

  /** The agent has been activated: the flow begins, or is resumed. */
  activate(briefing: readonly LLMContextMessage[], runLlm: boolean): void {
    this.#setOut({ find: () => this.#wayIn(), cause: "activation", briefing, runLlm });
  }

  /**
   * Goes there once no function runs any more; when the agent is inactive, with its next activation.
   * @throws TrunklineError `TL_FLOW_NODE_UNKNOWN`
   */
  goTo(next: string | NamedFlowNode<State>): void {
    this.#ask({ to: this.#find(next, "goTo() was given it"), order: this.#calls, cause: "program" });
  }

  #wayIn(): Destination<State> {
    const { definition, flow } = this.#host;
    const { resume } = definition;
    const asked = this.#resumeAt;
    this.#resumeAt = undefined;
    if (asked !== undefined) return asked;
    if (this.#here === undefined) return this.#find(definition.initial, "It is the initial one");
    if (resume === undefined) return this.#here;
    return this.#find(typeof resume === "function" ? resume(flow) : resume, "It is the one to resume at");
  }

  #find(next: string | NamedFlowNode<State>, why: string): Destination<State> {
    if (typeof next !== "string") return { name: next.name, source: next };
    return { name: next, source: requireNode(this.#host.definition.nodes, next, why) };
  }

  #ask(request: Request<State>): void {
    const before = this.#request;
    if (before === undefined || request.order >= before.order) this.#request = request;
    if (before === undefined) void this.#host.toolsIdle.then(() => this.#follow());
  }

  #follow(): void {
    if (this.#request === undefined) return;
    const { to, cause } = this.#request;
    this.#request = undefined;
    if (this.#host.active) this.#setOut({ find: () => to, cause, briefing: [], runLlm: true });
    else this.#resumeAt = to;
  }

  #setOut(journey: Journey<State>): void {
    // At once: no answer is to begin while this one waits for its turn.
    this.gate.hold();
    void this.#enqueue(() => this.#travel(journey));
  }

  async #travel(journey: Journey<State>): Promise<void> {
    const { find, cause, runLlm } = journey;
    let entered: { readonly node: FlowNode<State>; readonly change: NodeChange } | undefined;
    try {
      if (cause === "function" || this.#answering) await this.#finishNode();
      if (this.#host.active) entered = await this.#enter(find(), journey);
      else if (cause !== "activation") this.#resumeAt = find();
    } catch (error) {
      if (this.#host.active) this.#host.report(error);
    }
    const { asked, interrupted, words } = this.gate.held;
    const last = this.gate.release();
    if (!this.#host.active) return;
    if (entered === undefined) {
      // It stays where it was; what was asked, or what a function has returned, is answered there.
      if (last && (asked || cause === "function")) await this.#host.queueFrame(new LLMRunFrame());
      return;
    }
    const { node, change } = entered;
    this.#postActions = node.postActions ?? [];
    this.#askedHere = false;
    const speaksFirst = runLlm && (node.respondImmediately ?? true) && !interrupted;
    await this.#send(change, words, last && (asked || speaksFirst));
  }

  /** All of it but the messages. Undefined when its actions have ended the conversation, or handed it over. */
  async #enter(to: Destination<State>, { cause, briefing }: Journey<State>) {
    const { flow, definition } = this.#host;
    // Made before anything changes: when that fails, the flow is still where it was.
    const node = typeof to.source === "function" ? to.source(flow) : to.source;
    const { roleMessages, contextStrategy, preActions = [], taskMessages } = node;
    const task = typeof taskMessages === "function" ? taskMessages(flow.state) : taskMessages;
    this.#here = to;
    this.#entries += 1;
    this.#postActions = [];
    this.#answering = false;
    await this.#act(preActions);
    const change = await changeOfNode({
      nodeName: to.name,
      strategy: contextStrategy ?? definition.contextStrategy ?? "append",
      roleMessages,
      keptRoleMessages: this.#roleMessages,
      taskMessages: task,
      briefing,
      conversation: this.#host.conversation,
      conversationIsKnown: cause !== "activation",
      signal: this.#host.signal,
      report: (error) => this.#host.report(error),
    });
    this.#roleMessages = roleMessages ?? this.#roleMessages;
    if (!this.#host.active) return undefined;
    const tools = this.#toolsOf(node);
    this.#host.replaceTools(tools);
    await this.#host.queueFrame(new LLMSetToolsFrame({ tools: toolSchemas(tools) }));
    return { node, change };
  }

  async #send(change: NodeChange, words: readonly LLMContextMessage[], runLlm: boolean): Promise<void> {
    if (!this.#host.active) return;
    this.gate.expect(change);
    const { messages, replaces } = change;
    if (replaces) {
      await this.#host.queueFrame(new LLMMessagesUpdateFrame({ messages: [...messages, ...words], runLlm }));
    } else {
      await this.#host.queueFrame(new LLMMessagesAppendFrame({ messages, runLlm }));
    }
  }

  async #finishNode(): Promise<void> {
    const actions = this.#postActions;
    this.#postActions = [];
    this.#answering = false;
    await this.#act(actions);
  }

  async #act(actions: readonly FlowAction<State>[]): Promise<void> {
    for (const action of actions) {
      // One of them has ended the conversation, or handed it over.
      if (!this.#host.active) return;
      try {
        await action(this.#host.flow);
      } catch (cause) {
        const message = `An action of node "${this.node}" failed: ${messageOf(cause)}`;
        this.#host.report(new TrunklineError("TL_HANDLER_FAILED", message, { cause }));
      }
    }
  }

  #toolsOf({ functions = {} }: FlowNode<State>): Readonly<Record<string, Tool>> {
    const entry = this.#entries;
    const { definition, flow, tools } = this.#host;
    const toolsOf = (them: FlowFunctions<State>, leads: () => boolean) =>
      flowTools(them, {
        flow,
        nextOrder: () => {
          this.#calls += 1;
          return this.#calls;
        },
        onNext: (next, functionName, order) => {
          const to = this.#find(next, `The function "${functionName}" leads to it`);
          if (!leads()) return;
          this.#host.silenceToolCalls();
          this.#ask({ to, order, cause: "function" });
        },
      });
    const global = toolsOf(definition.globalFunctions ?? {}, () => true);
    return { ...tools, ...global, ...toolsOf(functions, () => entry === this.#entries) };
  }

  /** Does one thing at a time. What fails because the agent has ended is nobody's fault. */
  #enqueue(work: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(work).catch((error: unknown) => {
      if (this.#host.active) this.#host.report(error);
    });
    return this.#work;
  }
}
