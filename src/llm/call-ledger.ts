import type { FunctionCall, FunctionCallInProgressFrame } from "../frames/index.ts";

interface Entry {
  group: Set<string>;
  state: "announced" | "running" | "cancelled";
  /** False for one that started before it was announced. */
  announced: boolean;
}

// Calls are announced, started or cancelled soon, unless the agent they are of is gone.
const maxAwaited = 1_024;

/**
 * Which tool calls of a conversation have no result yet, and which of them belong to one answer.
 *
 * 1. An announcement may come behind the starts of its calls, even behind their results: it travels in another lane.
 * 2. Of calls that were announced and have not started, and of those that were through before they were announced, the
 *    latest 1,024 are known.
 */
export class CallLedger {
  readonly #calls = new Map<string, Entry>();
  readonly #groups = new Map<string, Set<string>>();
  /** The ids of the calls that have not started, the oldest first. */
  readonly #announced = new Set<string>();
  /** The ids of the calls that were through before they were announced, the oldest first. */
  readonly #unannounced = new Set<string>();

  /** The calls of one answer. */
  announce(calls: readonly FunctionCall[]): void {
    const group = new Set<string>();
    for (const { toolCallId } of calls) {
      // It is through; to wait for its start would be to wait for ever.
      if (this.#unannounced.delete(toolCallId)) continue;
      const before = this.#calls.get(toolCallId);
      if (before?.state === "running") {
        if (!before.announced) this.#join(before.group, group);
        before.announced = true;
        continue;
      }
      // One of the same id that never started will not start any more.
      if (before !== undefined) this.#strike(toolCallId, before);
      group.add(toolCallId);
      this.#calls.set(toolCallId, { group, state: "announced", announced: true });
      this.#announced.add(toolCallId);
    }
    for (const toolCallId of this.#announced) {
      if (this.#announced.size <= maxAwaited) break;
      const entry = this.#calls.get(toolCallId);
      if (entry !== undefined) this.#strike(toolCallId, entry);
    }
  }

  /** False when it was already started, or has been cancelled. */
  start({ toolCallId, groupId }: FunctionCallInProgressFrame): boolean {
    const entry = this.#calls.get(toolCallId) ?? this.#unheardOf(groupId);
    if (entry.state === "cancelled") this.#strike(toolCallId, entry);
    if (entry.state !== "announced") return false;
    entry.state = "running";
    entry.group.add(toolCallId);
    this.#calls.set(toolCallId, entry);
    this.#announced.delete(toolCallId);
    this.#unannounced.delete(toolCallId);
    if (groupId !== undefined) this.#groups.set(groupId, entry.group);
    return true;
  }

  /** Strikes a call off. Undefined: it was not running; otherwise whether it was the last one of its group. */
  finish(toolCallId: string): { readonly last: boolean } | undefined {
    const entry = this.#calls.get(toolCallId);
    if (entry?.state !== "running") return undefined;
    this.#strike(toolCallId, entry);
    if (!entry.announced) this.#remember(toolCallId);
    return { last: entry.group.size === 0 };
  }

  /** True when it ran. One that has only been announced will not start: its cancel may have overtaken its start. */
  cancel(toolCallId: string): boolean {
    const entry = this.#calls.get(toolCallId);
    if (entry?.state === "announced") {
      entry.state = "cancelled";
      entry.group.delete(toolCallId);
      return false;
    }
    return this.finish(toolCallId) !== undefined;
  }

  #strike(toolCallId: string, { group }: Entry): void {
    this.#calls.delete(toolCallId);
    this.#announced.delete(toolCallId);
    group.delete(toolCallId);
    if (group.size === 0) this.#forget(group);
  }

  /** A call that starts before it is announced. */
  #unheardOf(groupId: string | undefined): Entry {
    const group = (groupId === undefined ? undefined : this.#groups.get(groupId)) ?? new Set();
    return { group, state: "announced", announced: false };
  }

  #remember(toolCallId: string): void {
    this.#unannounced.add(toolCallId);
    for (const oldest of this.#unannounced) {
      if (this.#unannounced.size <= maxAwaited) break;
      this.#unannounced.delete(oldest);
    }
  }

  /** Makes two groups one. */
  #join(from: Set<string>, into: Set<string>): void {
    if (from === into) return;
    for (const toolCallId of from) {
      into.add(toolCallId);
      const entry = this.#calls.get(toolCallId);
      if (entry !== undefined) entry.group = into;
    }
    for (const [groupId, group] of this.#groups) if (group === from) this.#groups.set(groupId, into);
  }

  #forget(group: Set<string>): void {
    for (const [groupId, other] of this.#groups) if (other === group) this.#groups.delete(groupId);
  }
}
