import type { FunctionCall, FunctionCallInProgressFrame } from "../frames/index.ts";

interface Entry {
  readonly group: Set<string>;
  state: "announced" | "running" | "cancelled";
}

// Announced calls are started or cancelled soon, unless the agent that announced them is gone.
const maxAnnounced = 1_024;

/**
 * Which tool calls of a conversation have no result yet, and which of them belong to one answer. Of calls that were
 * announced and have not started the latest 1,024 are known.
 */
export class CallLedger {
  readonly #calls = new Map<string, Entry>();
  readonly #groups = new Map<string, Set<string>>();
  /** The ids of the calls that have not started, the oldest first. */
  readonly #announced = new Set<string>();

  /** The calls of one answer. */
  announce(calls: readonly FunctionCall[]): void {
    const group = new Set<string>();
    for (const { toolCallId } of calls) {
      const before = this.#calls.get(toolCallId);
      if (before?.state === "running") continue;
      // One of the same id that never started will not start any more.
      if (before !== undefined) this.#strike(toolCallId, before);
      group.add(toolCallId);
      this.#calls.set(toolCallId, { group, state: "announced" });
      this.#announced.add(toolCallId);
    }
    for (const toolCallId of this.#announced) {
      if (this.#announced.size <= maxAnnounced) break;
      const entry = this.#calls.get(toolCallId);
      if (entry !== undefined) this.#strike(toolCallId, entry);
    }
  }

  /** False when it was already started, or has been cancelled. */
  start({ toolCallId, groupId }: FunctionCallInProgressFrame): boolean {
    const entry: Entry = this.#calls.get(toolCallId) ?? { group: this.#groupOf(groupId), state: "announced" };
    if (entry.state === "cancelled") this.#strike(toolCallId, entry);
    if (entry.state !== "announced") return false;
    entry.state = "running";
    entry.group.add(toolCallId);
    this.#calls.set(toolCallId, entry);
    this.#announced.delete(toolCallId);
    if (groupId !== undefined) this.#groups.set(groupId, entry.group);
    return true;
  }

  /** Strikes a call off. Undefined: it was not running; otherwise whether it was the last one of its group. */
  finish(toolCallId: string): { readonly last: boolean } | undefined {
    const entry = this.#calls.get(toolCallId);
    if (entry?.state !== "running") return undefined;
    this.#strike(toolCallId, entry);
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

  #groupOf(groupId: string | undefined): Set<string> {
    return (groupId === undefined ? undefined : this.#groups.get(groupId)) ?? new Set();
  }

  #forget(group: Set<string>): void {
    for (const [groupId, other] of this.#groups) if (other === group) this.#groups.delete(groupId);
  }
}
