import { messageOf, TrunklineError } from "../errors.ts";
import { connectFailed, type DialOptions, defaultDialTimeoutMs, shownUrl } from "./dial-options.ts";
import type { LinkSocket } from "./link/index.ts";
import { linkSocketFrom } from "./socket.ts";

/**
 * Opens a WebSocket of the platform.
 * @throws TrunklineError `TL_CONNECT_FAILED` with one sentence that says why; nothing is left behind.
 * `TL_INVALID_OPTION` for headers, which the platform cannot send
 */
export async function dial(url: string, options: DialOptions = {}): Promise<LinkSocket> {
  const where = shownUrl(url);
  const { headers = {}, signal, timeoutMs = defaultDialTimeoutMs } = options;
  if (Object.keys(headers).length > 0) {
    throw new TrunklineError(
      "TL_INVALID_OPTION",
      "headers cannot be sent from here: WebSockets of this platform take none. Put a short-lived token into the URL.",
    );
  }
  if (signal?.aborted) throw connectFailed(`Connecting to ${where} was given up.`, signal.reason);
  const websocket = begin(url, where, options);
  return new Promise((resolve, reject) => {
    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", giveUp);
      websocket.removeEventListener("open", opened);
      websocket.removeEventListener("error", failed);
      websocket.removeEventListener("close", failed);
    };
    const fail = (error: TrunklineError) => {
      settle();
      websocket.close();
      reject(error);
    };
    const giveUp = () => fail(connectFailed(`Connecting to ${where} was given up.`, signal?.reason));
    const failed = () =>
      fail(
        connectFailed(
          `${where} did not open a WebSocket, and the platform does not say why. Does a server listen there, ` +
            "does it accept the credentials, and is the page's origin among those it allows?",
        ),
      );
    const opened = () => {
      settle();
      resolve(linkSocketFrom(websocket));
    };
    const timer = setTimeout(() => fail(connectFailed(`${where} did not answer within ${timeoutMs} ms.`)), timeoutMs);
    signal?.addEventListener("abort", giveUp, { once: true });
    websocket.addEventListener("open", opened);
    websocket.addEventListener("error", failed);
    websocket.addEventListener("close", failed);
  });
}

function begin(url: string, where: string, { protocols = [] }: DialOptions): WebSocket {
  try {
    return new WebSocket(url, [...protocols]);
  } catch (cause) {
    throw connectFailed(`Connecting to ${where} could not begin: ${messageOf(cause)}`, cause);
  }
}
