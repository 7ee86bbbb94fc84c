import type { TrunklineError } from "../errors.ts";
import { resumeProtocol } from "./link/index.ts";
import { logLine } from "./log-line.ts";
import { masked } from "./masked.ts";

/** What is looked at of a request to know what no log may show. */
export interface RequestSecrets {
  readonly url?: string | undefined;
  readonly rawHeaders: readonly string[];
}

// What everybody sends; hiding it would hide these words wherever they stand.
const plainHeaders: ReadonlySet<string> = new Set([
  "connection",
  "sec-websocket-extensions",
  "sec-websocket-version",
  "upgrade",
]);

// More than a line gets, so that what is taken out of it is whole.
const maxTextLength = 8_000;
const maxPlaceLength = 300;

/** An error as one line of a log: what, where, and nothing that its peer would not want to be kept. */
export function errorLine(error: TrunklineError, requests: readonly RequestSecrets[] = []): string {
  const shown = (text: string, maxLength?: number): string => {
    const said = withoutCredentials(text.slice(0, maxTextLength));
    return logLine(masked(said, requests.flatMap(secretsOf)), maxLength);
  };
  const place = placeOf(error);
  const where = place === undefined ? "" : ` (${shown(place, maxPlaceLength)})`;
  return `trunkline: ${error.code}: ${shown(error.message)}${where}`;
}

/** A text without what only looks like a secret: credentials and queries of URLs, and tokens by their scheme. */
function withoutCredentials(text: string): string {
  return text
    .replace(/(:\/\/)[^\s/?#]*@/g, "$1")
    .replace(/\?[^\s?"'<>]*=[^\s"'<>]*/g, "?[…]")
    .replace(/\b(Bearer|Basic) +[^\s"'<>]+/gi, "$1 […]");
}

function secretsOf({ url = "", rawHeaders }: RequestSecrets): string[] {
  const query = url.slice(url.indexOf("?") >= 0 ? url.indexOf("?") + 1 : url.length);
  const headers = rawHeaders.filter((value, index) => {
    return index % 2 === 1 && value !== resumeProtocol && !plainHeaders.has(rawHeaders[index - 1]?.toLowerCase() ?? "");
  });
  const basic = headers.flatMap((value) => {
    const [, encoded] = /^basic +(\S+)/i.exec(value) ?? [];
    return encoded === undefined ? [] : Buffer.from(encoded, "base64").toString().split(":");
  });
  return [query, ...new URLSearchParams(query).values(), ...headers, ...basic];
}

/** Where the first of its causes was thrown, as far as that is known. */
function placeOf(error: Error): string | undefined {
  let first: Error = error;
  // A chain of causes may be a ring.
  for (let depth = 0; depth < 10 && first.cause instanceof Error; depth++) first = first.cause;
  const { stack, message } = first;
  if (typeof stack !== "string") return undefined;
  // The message stands in the stack too, and may look like one.
  const frames = stack.slice(stack.indexOf(message) + message.length).split("\n");
  return frames.map((line) => line.trim()).find((line) => line.startsWith("at "));
}
