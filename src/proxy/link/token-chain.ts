import { isSameSecret, newSecret } from "./secret.ts";

const maxKept = 8;

/**
 * The tokens of a session: the newest, and those before it that the client may still hold because it has not heard of
 * the newer ones.
 */
export class TokenChain {
  /** The newest last. */
  #tokens: readonly string[] = [newSecret()];

  get newest(): string {
    return this.#tokens.at(-1) ?? "";
  }

  has(token: string): boolean {
    // All of them are compared, lest the time tell where the right one was.
    return this.#tokens.filter((known) => isSameSecret(known, token)).length > 0;
  }

  /** Begins a new one. The client has shown this one, so it does not hold any from before that. */
  renew(shown: string): void {
    const held = this.#tokens.slice(Math.max(0, this.#tokens.indexOf(shown)));
    // Of those in between, the client got none when it showed the first; of the last ones it may be on its way to hear.
    const kept = held.length < maxKept ? held : [...held.slice(0, 1), ...held.slice(2)];
    this.#tokens = [...kept, newSecret()];
  }

  /** The client has the newest. */
  confirm(): void {
    this.#tokens = [this.newest];
  }
}
