import { WebSocket } from "ws";
import { messageOf, type TrunklineError } from "../errors.ts";
import { connectFailed, type DialOptions, defaultDialTimeoutMs, shownUrl } from "./dial-options.ts";
import { type LinkSocket, payloadLimitFor } from "./link/index.ts";
import { linkSocketFrom } from "./socket.ts";

/**
 * Opens a WebSocket.
 * @throws TrunklineError `TL_CONNECT_FAILED` with one sentence that says why; nothing is left behind
 */
export async function dial(url: string, options: DialOptions = {}): Promise<LinkSocket> {
  const where = shownUrl(url);
  const { signal } = options;
  if (signal?.aborted) throw connectFailed(`Connecting to ${where} was given up.`, signal.reason);
  const websocket = begin(url, where, options);
  return new Promise((resolve, reject) => {
    const settle = () => signal?.removeEventListener("abort", giveUp);
    const fail = (error: TrunklineError) => {
      settle();
      reject(error);
      websocket.terminate();
    };
    const giveUp = () => fail(connectFailed(`Connecting to ${where} was given up.`, signal?.reason));
    signal?.addEventListener("abort", giveUp, { once: true });
    // Stays for good: cutting a handshake short makes the library report an error of its own later.
    websocket.on("error", (cause) => fail(connectFailed(explain(where, cause), cause)));
    websocket.once("unexpected-response", (_request, { statusCode, statusMessage }) => {
      const status = [statusCode, statusMessage].filter(Boolean).join(" ");
      fail(connectFailed(`${where} answered ${status} instead of opening a WebSocket.`));
    });
    websocket.once("open", () => {
      settle();
      websocket.removeAllListeners();
      resolve(linkSocketFrom(websocket));
    });
  });
}

function begin(url: string, where: string, options: DialOptions): WebSocket {
  const { headers = {}, protocols = [], maxPayloadBytes = payloadLimitFor() } = options;
  try {
    return new WebSocket(url, [...protocols], {
      headers,
      handshakeTimeout: options.timeoutMs ?? defaultDialTimeoutMs,
      maxPayload: maxPayloadBytes,
      perMessageDeflate: false,
    });
  } catch (cause) {
    throw connectFailed(`Connecting to ${where} could not begin: ${messageOf(cause)}`, cause);
  }
}

const sentences: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there (connection refused)",
  ECONNRESET: "the server hung up during the handshake",
  EHOSTUNREACH: "the host cannot be reached",
  ENETUNREACH: "the network cannot be reached",
  ENOTFOUND: "there is no host of that name",
  EAI_AGAIN: "the name of the host cannot be looked up at the moment",
  ETIMEDOUT: "the host does not answer",
};

function explain(where: string, cause: Error & { readonly code?: unknown }): string {
  const code = String(cause.code);
  const why = Object.hasOwn(sentences, code) ? sentences[code] : messageOf(cause) || code;
  return `${where}: ${why}.`;
}
