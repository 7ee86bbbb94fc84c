/** How many cancels wait for a request that they overtook. */
export const maxEarlyCancels = 1_024;

/**
 * Cancels whose request has not come yet: a cancel is a system message and overtakes.
 *
 * Most never meet one, because the task had just ended; so the oldest goes when there are too many.
 */
export class EarlyCancels {
  readonly #reasons = new Map<string, string | undefined>();
  #dropped = 0;

  /** How many went because there were too many. */
  get dropped(): number {
    return this.#dropped;
  }

  remember(requester: string, taskId: string, reason: string | undefined): void {
    const key = keyOf(requester, taskId);
    if (this.#reasons.has(key)) return;
    if (this.#reasons.size >= maxEarlyCancels) {
      for (const oldest of this.#reasons.keys()) {
        this.#reasons.delete(oldest);
        this.#dropped += 1;
        break;
      }
    }
    this.#reasons.set(key, reason);
  }

  /** Gives the cancel that waits for this request, once. */
  take(requester: string, taskId: string): { readonly reason: string | undefined } | undefined {
    if (this.#reasons.size === 0) return undefined;
    const key = keyOf(requester, taskId);
    if (!this.#reasons.has(key)) return undefined;
    const reason = this.#reasons.get(key);
    this.#reasons.delete(key);
    return { reason };
  }
}

// Only the requester's own cancel counts, and no choice of names makes two pairs look alike.
function keyOf(requester: string, taskId: string): string {
  return JSON.stringify([requester, taskId]);
}
