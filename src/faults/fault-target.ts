import { invalidOption } from "./fault-options.ts";

/** Where a {@link FaultProxy} passes connections on to: a port, or the host and port of a URL. */
export type FaultProxyTarget =
  | {
      /** Default `127.0.0.1`. */
      readonly host?: string | undefined;
      readonly port: number;
    }
  | {
      /** Such as `ws://127.0.0.1:8765/agents`. With `wss:` the bytes are passed on as they are, encrypted. */
      readonly url: string | URL;
    };

export interface FaultTargetAddress {
  readonly host: string;
  readonly port: number;
  readonly url?: URL;
}

/** @throws TrunklineError `TL_INVALID_OPTION` for what names no host and port */
export function targetAddress(target: FaultProxyTarget): FaultTargetAddress {
  if ("port" in target) {
    const { host = "127.0.0.1", port } = target;
    if (Number.isInteger(port) && port > 0 && port < 65_536) return { host, port };
    throw invalidOption(`The target's port is a number from 1 to 65535, not ${String(port)}.`);
  }
  const url = parsed(target.url);
  const secure = url.protocol === "wss:" || url.protocol === "https:";
  const port = url.port === "" ? (secure ? 443 : 80) : Number(url.port);
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  if (host !== "" && port !== 0) return { host, port, url };
  throw invalidOption(`The target's URL names no host and port: ${url.protocol}//${url.host}.`);
}

/** The URL that leads to the target by way of a port of this machine. */
export function urlThrough({ url }: FaultTargetAddress, port: number): string {
  if (url === undefined) return `tcp://127.0.0.1:${port}`;
  const through = new URL(url);
  through.hostname = "127.0.0.1";
  through.port = String(port);
  return through.href;
}

function parsed(url: string | URL): URL {
  try {
    return new URL(url);
  } catch (cause) {
    throw invalidOption("The target's URL is not one; write it like ws://127.0.0.1:8765/agents.", cause);
  }
}
