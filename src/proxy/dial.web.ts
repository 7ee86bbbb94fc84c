import { messageOf, TrunklineError } from "../errors.ts";
import { orAborted } from "../util/index.ts";
import { connectFailed, defaultDialTimeoutMs, givenUp, type NetworkDial, shownUrl } from "./dial-options.ts";
import type { LinkSocket } from "./link/index.ts";
import { linkSocketFrom } from "./socket.ts";

const maxRemembered = 64;

/**
 * How one caller dials a WebSocket of the platform. By the standard, a server that selects none of the subprotocols it
 * is offered makes the connection fail, and nobody is told why. So a dial that fails is tried once more without, and
 * where that opens, the next one begins without, unless that server has agreed before.
 *
 * What it returns throws TrunklineError `TL_CONNECT_FAILED` with one sentence that says why, and leaves nothing behind;
 * `TL_INVALID_OPTION` for headers, which the platform cannot send.
 */
export function dialing(): NetworkDial {
  /** What servers did, by the URL without its query: tokens change. */
  const known = new Map<string, "agreed" | "selects none">();
  const remember = (where: string, what: "agreed" | "selects none") => {
    if (known.size >= maxRemembered) known.clear();
    known.set(where, what);
  };

  return async (url, options = {}) => {
    const where = shownUrl(url);
    const {
      headers = {},
      protocols = [],
      required = false,
      nextUrl,
      signal,
      timeoutMs = defaultDialTimeoutMs,
    } = options;
    refuseHeaders(headers);
    if (signal?.aborted) throw givenUp(where, signal);
    const stop = new AbortController();
    const giveUp = () => stop.abort(givenUp(where, signal));
    const late = () => stop.abort(connectFailed(`${where} did not answer within ${timeoutMs} ms.`));
    const timer = setTimeout(late, timeoutMs);
    signal?.addEventListener("abort", giveUp, { once: true });
    try {
      const before = known.get(where);
      let next = url;
      // Forgotten until it has opened without once more: another server may be there by now.
      if (before === "selects none") known.delete(where);
      if (required || before !== "selects none") {
        const socket = await open(url, where, protocols, stop.signal);
        if (socket !== undefined) {
          if (socket.protocol !== "") remember(where, "agreed");
          return socket;
        }
        if (required || protocols.length === 0) throw unexplained(where, required ? protocols : []);
        if (nextUrl !== undefined) next = await orAborted((async () => nextUrl())(), stop.signal);
        // What is no URL is refused before anything quotes it.
        shownUrl(next);
      }
      const socket = await open(next, where, [], stop.signal);
      if (socket === undefined) throw unexplained(where, []);
      // One that has agreed before was out of reach for a moment, more likely than not.
      if (before !== "agreed") remember(where, "selects none");
      return socket;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", giveUp);
    }
  };
}

function refuseHeaders(headers: Readonly<Record<string, string>>): void {
  if (Object.keys(headers).length === 0) return;
  throw new TrunklineError(
    "TL_INVALID_OPTION",
    "headers cannot be sent from here: WebSockets of this platform take none. Put a short-lived token into the URL.",
  );
}

/**
 * One try. Undefined when it failed, for a reason that the platform keeps to itself.
 * @throws the signal's reason when that aborts first
 */
async function open(
  url: string,
  where: string,
  protocols: readonly string[],
  signal: AbortSignal,
): Promise<LinkSocket | undefined> {
  signal.throwIfAborted();
  const websocket = begin(url, where, protocols);
  return new Promise((resolve, reject) => {
    const settle = () => {
      signal.removeEventListener("abort", giveUp);
      websocket.removeEventListener("open", opened);
      websocket.removeEventListener("error", failed);
      websocket.removeEventListener("close", failed);
    };
    const giveUp = () => {
      settle();
      websocket.close();
      reject(signal.reason);
    };
    const failed = () => {
      settle();
      websocket.close();
      resolve(undefined);
    };
    const opened = () => {
      settle();
      resolve(linkSocketFrom(websocket));
    };
    signal.addEventListener("abort", giveUp, { once: true });
    websocket.addEventListener("open", opened);
    websocket.addEventListener("error", failed);
    websocket.addEventListener("close", failed);
  });
}

function begin(url: string, where: string, protocols: readonly string[]): WebSocket {
  try {
    return new WebSocket(url, [...protocols]);
  } catch (cause) {
    throw connectFailed(`Connecting to ${where} could not begin: ${messageOf(cause)}`, cause);
  }
}

function unexplained(where: string, required: readonly string[]): TrunklineError {
  const subprotocol = required.length === 0 ? "" : `does it know the subprotocol ${required.join(" or ")}, `;
  return connectFailed(
    `${where} did not open a WebSocket, and the platform does not say why. Does a server listen there, ${subprotocol}` +
      "does it accept the credentials, and is the page's origin among those it allows?",
  );
}
