/** Where a link is in its life. */
export type LinkStateName = "idle" | "dialing" | "open" | "interrupted" | "flushing" | "closing" | "closed";

/**
 * What moves it on.
 *
 * - `dial`: it is to connect.
 * - `adopt`: it has its first connection.
 * - `cut`: the connection is gone, and the session is not.
 * - `resume`: the session has a connection again; or another one, before it was noticed that the first is gone.
 * - `close`: it is to end in good order.
 * - `flush`: everything has been handed over, and the goodbye said.
 * - `end`: it is over.
 */
export type LinkEventName = "dial" | "adopt" | "cut" | "resume" | "close" | "flush" | "end";

type Table = Readonly<Record<LinkStateName, Readonly<Partial<Record<LinkEventName, LinkStateName>>>>>;

/** Every change of state there is. What is not in here does not happen: such an event is ignored. */
export const transitions: Table = {
  idle: { dial: "dialing", adopt: "open", close: "flushing", end: "closed" },
  dialing: { adopt: "open", end: "closed" },
  open: { cut: "interrupted", resume: "open", close: "flushing", end: "closed" },
  interrupted: { resume: "open", end: "closed" },
  flushing: { flush: "closing", end: "closed" },
  closing: { end: "closed" },
  closed: {},
};
