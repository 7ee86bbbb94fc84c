import type { FunctionCall, FunctionCallInProgressFrame } from "../frames/index.ts";

interface Entry {
  readonly group: Set<string>;
  running: boolean;
}

/** Which tool calls of a conversation have no result yet, and which of them belong to one answer. */
export class CallLedger {
  readonly #calls = new Map<string, Entry>();
  readonly #groups = new Map<string, Set<string>>();

  /** The calls of one answer. */
  announce(calls: readonly FunctionCall[]): void {
    const group = new Set<string>();
    for (const { toolCallId } of calls) {
      if (this.#calls.has(toolCallId)) continue;
      group.add(toolCallId);
      this.#calls.set(toolCallId, { group, running: false });
    }
  }

  /** False when it was already started. */
  start({ toolCallId, groupId }: FunctionCallInProgressFrame): boolean {
    const entry = this.#calls.get(toolCallId) ?? { group: this.#groupOf(groupId), running: false };
    if (entry.running) return false;
    entry.running = true;
    entry.group.add(toolCallId);
    this.#calls.set(toolCallId, entry);
    if (groupId !== undefined) this.#groups.set(groupId, entry.group);
    return true;
  }

  /** Strikes a call off. Undefined: it was not running; otherwise whether it was the last one of its group. */
  finish(toolCallId: string): { readonly last: boolean } | undefined {
    const entry = this.#calls.get(toolCallId);
    if (entry === undefined) return undefined;
    this.#calls.delete(toolCallId);
    entry.group.delete(toolCallId);
    const last = entry.group.size === 0;
    if (last) this.#forget(entry.group);
    return entry.running ? { last } : undefined;
  }

  #groupOf(groupId: string | undefined): Set<string> {
    return (groupId === undefined ? undefined : this.#groups.get(groupId)) ?? new Set();
  }

  #forget(group: Set<string>): void {
    for (const [groupId, other] of this.#groups) if (other === group) this.#groups.delete(groupId);
  }
}
