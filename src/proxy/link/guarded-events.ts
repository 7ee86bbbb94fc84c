import { messageOf, TrunklineError } from "../../errors.ts";
import type { LinkEvents } from "./link-events.ts";

/** The same events, none of which throws: a listener's fault must not change what the link does next. */
export function guarded(events: LinkEvents): Required<LinkEvents> {
  const guard = (tell: () => void): void => {
    try {
      tell();
    } catch (cause) {
      const fault = `A listener of the link threw: ${messageOf(cause)}`;
      events.onFault(new TrunklineError("TL_HANDLER_FAILED", fault, { cause }));
    }
  };
  return {
    onOpen: (socket) => guard(() => events.onOpen(socket)),
    onMessage: (bytes) => guard(() => events.onMessage(bytes)),
    onOversize: (byteLength) => guard(() => events.onOversize(byteLength)),
    onInterrupted: (interruption) => guard(() => events.onInterrupted?.(interruption)),
    onResumed: (socket, replay) => guard(() => events.onResumed?.(socket, replay)),
    onSlow: (bufferedBytes) => guard(() => events.onSlow?.(bufferedBytes)),
    onCaughtUp: () => guard(() => events.onCaughtUp?.()),
    onConnectFailed: (failure) => guard(() => events.onConnectFailed(failure)),
    onClosed: (ending) => guard(() => events.onClosed(ending)),
    onFault: (error) => events.onFault(error),
  };
}
