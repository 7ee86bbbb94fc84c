import { TTSSpeakFrame } from "../../frames/index.ts";
import type { FlowAction } from "./flow-node.ts";

/** An action that says these words as they are, with no model in between. */
export function ttsSay(text: string): FlowAction {
  return (flow) => flow.queueFrame(new TTSSpeakFrame({ text }));
}

/** An action that ends the session, after these words if there are any. No action of the node comes after it. */
export function endConversation(text?: string): FlowAction {
  return async (flow) => {
    if (text !== undefined) await flow.queueFrame(new TTSSpeakFrame({ text }));
    await flow.end({ reason: "the conversation is over" });
  };
}
