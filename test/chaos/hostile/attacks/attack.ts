import type { RawClient } from "../raw-client.ts";
import type { Target } from "../target.ts";
import type { Watch } from "../watch.ts";

/** Something done to a server, which throws when the server does not answer it as it should. */
export interface Attack {
  readonly name: string;
  /** It takes so many seconds that it is left out of a small run. */
  readonly isSlow?: true;
  /**
   * @param share - How much of a flood to send, up to 1. What it brings about shows with a third already.
   * @param excuse - Does what is no attack, and may make the event loop stand still.
   */
  run(target: Target, share: number, excuse: Watch["excuse"]): Promise<void>;
}

/** Fails unless the handshake was refused with a status of 4xx, or the connection was cut without a word. */
export async function isRefused(client: RawClient, ...statuses: readonly number[]): Promise<void> {
  await client.ended();
  const { status } = client;
  if (status === undefined || (status >= 400 && status < 500 && (statuses.length === 0 || statuses.includes(status)))) {
    return;
  }
  throw new Error(`The handshake was answered with ${status}.`);
}

/** Fails unless the server ends the connection, with one of these codes or without any. */
export async function isSentAway(client: RawClient, ...codes: readonly number[]): Promise<void> {
  await client.ended();
  const { closeCode } = client;
  if (closeCode !== undefined && !codes.includes(closeCode)) throw new Error(`The server closed with ${closeCode}.`);
}
