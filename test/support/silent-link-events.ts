import type { LinkEvents } from "../../src/proxy/link/index.ts";

const nothing = (): void => {};

/** For a link whose events are of no interest. */
export const silentLinkEvents: LinkEvents = {
  onOpen: nothing,
  onMessage: nothing,
  onOversize: nothing,
  onConnectFailed: nothing,
  onClosed: nothing,
  onFault: nothing,
};
