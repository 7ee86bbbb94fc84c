import {
  type ActivationArgs,
  BusActivateAgentMessage,
  BusDeactivateAgentMessage,
  type BusMessage,
} from "../bus/index.ts";
import { messageOf, TrunklineError } from "../errors.ts";
import type { Activation } from "./activation.ts";
import { AgentError } from "./agent-error.ts";

export interface HandoffOptions {
  readonly from: string;
  readonly activation: Activation;
  send(message: BusMessage): Promise<void>;
}

/**
 * Makes one agent inactive and another one active.
 *
 * 1. The first is inactive before the first message is sent.
 * 2. When a message cannot be sent, the first is active again, or the error says that it is not.
 */
export async function handOff(
  { from, activation, send }: HandoffOptions,
  to: string,
  args: ActivationArgs | undefined,
): Promise<void> {
  const withdrawal = activation.withdraw();
  try {
    await send(new BusDeactivateAgentMessage({ source: from, target: from }));
  } catch (error) {
    if (withdrawal !== undefined) activation.restore(withdrawal);
    throw error;
  }
  try {
    await send(new BusActivateAgentMessage({ source: from, target: to, args }));
  } catch (error) {
    if (withdrawal === undefined) throw error;
    await reactivate(from, to, send, error);
    throw error;
  }
}

/** Its own deactivation is on its way already: only another message can follow that. */
async function reactivate(from: string, to: string, send: HandoffOptions["send"], cause: unknown): Promise<void> {
  try {
    // A message that somebody refused may have reached others: two active agents would be worse than none.
    if (to !== from) await send(new BusDeactivateAgentMessage({ source: from, target: to })).catch(() => undefined);
    await send(new BusActivateAgentMessage({ source: from, target: from }));
  } catch {
    const code = cause instanceof TrunklineError ? cause.code : "TL_HANDLER_FAILED";
    const message = `Agent "${from}" could not hand off to "${to}", and is inactive now: ${messageOf(cause)}`;
    throw new AgentError(code, from, message, { cause });
  }
}
