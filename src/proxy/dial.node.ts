import { WebSocket } from "ws";
import { messageOf, TrunklineError } from "../errors.ts";
import {
  connectFailed,
  type DialOptions,
  defaultDialTimeoutMs,
  givenUp,
  type NetworkDial,
  shownUrl,
} from "./dial-options.ts";
import { type LinkSocket, payloadLimitFor } from "./link/index.ts";
import { linkSocketFrom } from "./socket.ts";

/** How one caller dials. Here, one dial serves servers that know a subprotocol and servers that do not. */
export function dialing(): NetworkDial {
  return dial;
}

/**
 * Opens a WebSocket.
 * @throws TrunklineError `TL_CONNECT_FAILED` with one sentence that says why; nothing is left behind.
 * `TL_INVALID_OPTION` for headers that are WebSocket's own
 */
export async function dial(url: string, options: DialOptions = {}): Promise<LinkSocket> {
  const where = shownUrl(url);
  const { headers = {}, protocols = [], signal } = options;
  refuseOwnHeaders(headers);
  if (signal?.aborted) throw givenUp(where, signal);
  const websocket = begin(url, where, options);
  let agreed: string | undefined;
  return new Promise((resolve, reject) => {
    const settle = () => signal?.removeEventListener("abort", giveUp);
    const fail = (error: TrunklineError) => {
      settle();
      reject(error);
      websocket.terminate();
    };
    const giveUp = () => fail(givenUp(where, signal));
    signal?.addEventListener("abort", giveUp, { once: true });
    // Stays for good: cutting a handshake short makes the library report an error of its own later.
    websocket.on("error", (cause) => fail(connectFailed(explain(where, cause), cause)));
    websocket.once("unexpected-response", (_request, { statusCode, statusMessage }) => {
      const status = [statusCode, statusMessage].filter(Boolean).join(" ");
      fail(connectFailed(`${where} answered ${status} instead of opening a WebSocket.`));
    });
    websocket.once("upgrade", (response) => {
      const selected = response.headers[protocolHeader];
      // The library knows of no offer and takes an answer for a mistake.
      delete response.headers[protocolHeader];
      if (selected === undefined || protocols.includes(selected)) agreed = selected ?? "";
      else fail(connectFailed(`${where} selected the subprotocol ${quoted(selected)}, which was not offered.`));
    });
    websocket.once("open", () => {
      settle();
      websocket.removeAllListeners();
      resolve(linkSocketFrom(websocket, agreed));
    });
  });
}

const protocolHeader = "sec-websocket-protocol";

function refuseOwnHeaders(headers: Readonly<Record<string, string>>): void {
  const own = Object.keys(headers).find((name) => name.toLowerCase().startsWith("sec-websocket-"));
  if (own === undefined) return;
  throw new TrunklineError("TL_INVALID_OPTION", `headers must not contain ${own}: the handshake sets it itself.`);
}

/** What a server wrote, short enough for a sentence. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);
}

function begin(url: string, where: string, options: DialOptions): WebSocket {
  const { headers = {}, protocols = [], maxPayloadBytes = payloadLimitFor() } = options;
  try {
    // Offered by hand: what the library offers itself, it insists on.
    const offer = protocols.length > 0 ? { [protocolHeader]: protocols.join(", ") } : {};
    return new WebSocket(url, {
      headers: { ...headers, ...offer },
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
