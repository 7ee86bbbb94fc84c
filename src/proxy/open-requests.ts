import type { BusTaskCancelMessage, BusTaskRequestMessage } from "../bus/index.ts";
import type { TaskAnswer } from "./task-traffic.ts";

/** A task request that has crossed a link and has not had its last answer. */
export interface OpenRequest {
  readonly taskId: string;
  /** Who asked. */
  readonly requester: string;
  /** Who was asked, and who alone may answer. */
  readonly asked: string;
}

// What was cancelled is usually answered once more; that many late answers still find their way.
const maxCancelled = 1_024;

/**
 * The requests that crossed a link in one direction.
 *
 * 1. An answer belongs to a request when its task, its source and its target are all the request's.
 * 2. At most `limit` requests are open. At the limit the next one is refused, so that its sender is told; none is
 *    forgotten to make room.
 * 3. A cancelled request no longer counts against the limit. It stays known for its late answer until 1,024 others
 *    have been cancelled after it.
 */
export class OpenRequests {
  readonly #limit: number;
  readonly #open = new Map<string, OpenRequest>();
  readonly #cancelled = new Map<string, OpenRequest>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Those that somebody still waits for, oldest first. */
  get all(): readonly OpenRequest[] {
    return [...this.#open.values()];
  }

  /** Remembers a request. False when too many are open. */
  add(request: BusTaskRequestMessage, asked: string): boolean {
    const { taskId, source: requester } = request;
    const key = keyOf(taskId, requester, asked);
    if (!this.#open.has(key) && this.#open.size >= this.#limit) return false;
    this.#cancelled.delete(key);
    this.#open.set(key, { taskId, requester, asked });
    return true;
  }

  /** True when the message answers a request that is open or was cancelled lately. */
  isAnsweredBy(answer: TaskAnswer): boolean {
    const key = keyOf(answer.taskId, answer.target ?? "", answer.source);
    return this.#open.has(key) || this.#cancelled.has(key);
  }

  /** Forgets the request that has had its last answer. */
  settle(lastAnswer: TaskAnswer): void {
    this.#forget(keyOf(lastAnswer.taskId, lastAnswer.target ?? "", lastAnswer.source));
  }

  /** Forgets a request that did not cross after all. */
  withdraw(request: BusTaskRequestMessage): void {
    this.#forget(keyOf(request.taskId, request.source, request.target ?? ""));
  }

  cancel(message: BusTaskCancelMessage): void {
    const key = keyOf(message.taskId, message.source, message.target ?? "");
    const request = this.#open.get(key);
    if (request === undefined) return;
    this.#open.delete(key);
    this.#cancelled.set(key, request);
    if (this.#cancelled.size <= maxCancelled) return;
    for (const oldest of this.#cancelled.keys()) {
      this.#cancelled.delete(oldest);
      return;
    }
  }

  clear(): void {
    this.#open.clear();
    this.#cancelled.clear();
  }

  #forget(key: string): void {
    this.#open.delete(key);
    this.#cancelled.delete(key);
  }
}

// Lengths keep apart what a peer could otherwise make look alike by putting a separator into a name.
function keyOf(taskId: string, requester: string, asked: string): string {
  return `${requester.length}:${asked.length}:${requester}${asked}${taskId}`;
}
