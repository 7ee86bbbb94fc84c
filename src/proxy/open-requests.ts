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

interface Entry {
  readonly request: OpenRequest;
  readonly byteLength: number;
}

// What was cancelled is usually answered once more; that many late answers still find their way.
const maxCancelled = 1_024;

/**
 * The requests that crossed a link in one direction.
 *
 * 1. An answer belongs to a request when its task, its source and its target are all the request's.
 * 2. At most `limit` requests are open, of `maxBytes` together. At the limit the next one is refused, so that its
 *    sender is told; none is forgotten to make room.
 * 3. A cancelled request no longer counts against the limit. It stays known for its late answer until 1,024 others
 *    have been cancelled after it.
 */
export class OpenRequests {
  readonly #limit: number;
  readonly #maxBytes: number;
  readonly #open = new Map<string, Entry>();
  readonly #cancelled = new Set<string>();
  #bytes = 0;

  constructor(limit: number, maxBytes: number = Number.POSITIVE_INFINITY) {
    this.#limit = limit;
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Those that somebody still waits for, oldest first. */
  get all(): readonly OpenRequest[] {
    return [...this.#open.values()].map(({ request }) => request);
  }

  /** Remembers a request, with its length as a message. False when too many are open, or too much is in them. */
  add(request: BusTaskRequestMessage, asked: string, byteLength = 0): boolean {
    const { taskId, source: requester } = request;
    const key = keyOf(taskId, requester, asked);
    const replaced = this.#open.get(key);
    const bytes = this.#bytes - (replaced?.byteLength ?? 0) + byteLength;
    if (bytes > this.#maxBytes || (replaced === undefined && this.#open.size >= this.#limit)) return false;
    this.#cancelled.delete(key);
    this.#bytes = bytes;
    this.#open.set(key, { request: { taskId, requester, asked }, byteLength });
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
    if (!this.#close(key)) return;
    this.#cancelled.add(key);
    if (this.#cancelled.size <= maxCancelled) return;
    for (const oldest of this.#cancelled) {
      this.#cancelled.delete(oldest);
      return;
    }
  }

  clear(): void {
    this.#open.clear();
    this.#cancelled.clear();
    this.#bytes = 0;
  }

  #forget(key: string): void {
    this.#close(key);
    this.#cancelled.delete(key);
  }

  #close(key: string): boolean {
    this.#bytes -= this.#open.get(key)?.byteLength ?? 0;
    return this.#open.delete(key);
  }
}

// Lengths keep apart what a peer could otherwise make look alike by putting a separator into a name.
function keyOf(taskId: string, requester: string, asked: string): string {
  return `${requester.length}:${asked.length}:${requester}${asked}${taskId}`;
}
