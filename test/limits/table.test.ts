import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { maxWaitingNoticeBytes, maxWaitingNotices } from "../../src/agents/hook-queue.ts";
import { maxControlBytes } from "../../src/proxy/link/control-frame.ts";
import { payloadLimitFor, resolveLinkOptions } from "../../src/proxy/link/options.ts";
import { maxLogLength } from "../../src/proxy/log-line.ts";
import { maxHeaderBytes, maxHeaderLines } from "../../src/proxy/upgrade.ts";
import { maxEarlyCancels } from "../../src/tasks/early-cancels.ts";
import { maxUnreadBytes, maxUnreadEvents } from "../../src/tasks/event-queue.ts";
import { resolveOptions } from "../../src/wire/options.ts";

const page = new URL("../../docs/limits.md", import.meta.url);
const text = (path: string | URL) => readFileSync(new URL(path, import.meta.url), "utf8");

interface Row {
  readonly what: string;
  readonly limit: string;
  readonly title: string;
  readonly file: URL;
}

const rows: readonly Row[] = text(page)
  .split("\n")
  .filter((line) => line.startsWith("| ") && !/^\| (what|---)/.test(line))
  .map((line) => {
    const [, what = "", limit = "", , shownBy = ""] = line
      .split(" | ")
      .map((cell) => cell.replace(/^\| | \|$/g, ""))
      .flatMap((cell, index) => (index === 0 ? ["", cell] : [cell]));
    const [, title = "", file = ""] = /^\[(.+)\]\((.+)\)$/.exec(shownBy) ?? [];
    return { what, limit, title, file: new URL(file, page) };
  });

/** The number that a file of the sources gives a constant. */
function constant(file: string, name: string): number {
  const found = new RegExp(`\\b${name}(?:\\?\\?|[ =])*\\s*([\\d_]+)`).exec(text(`../../src/${file}`))?.[1];
  if (found === undefined) throw new Error(`src/${file} has no ${name} any more: tell this table where it is now.`);
  return Number(found.replaceAll("_", ""));
}

const link = resolveLinkOptions();
const helloTimeoutMs = constant("proxy/link/greeting.ts", "helloTimeoutMs");
const wire = resolveOptions({});
const units: Readonly<Record<string, number>> = { MiB: 1_048_576, KiB: 1_024, s: 1_000 };

/** What the code says, for every row that has a number. */
const numbers: Readonly<Record<string, number>> = {
  "data lane of a subscriber": constant("bus/subscription.ts", "defaultMaxQueued"),
  "data for an agent that is not ready": constant("bus/subscription.ts", "defaultMaxQueued"),
  "other runners that are watched for their heartbeat": constant("runner/liveness.ts", "maxWatchedRunners"),
  "calls of a hook that wait for the hook before": maxWaitingNotices,
  "bytes of calls of a hook that wait": maxWaitingNoticeBytes,
  "frames that wait downstream at a processor": constant("pipeline/pipeline-task.ts", "maxQueuedFrames ="),
  "frames that nobody waits for: before the start, upstream, system frames": constant(
    "pipeline/frame-queue.ts",
    "leastRefusedAt",
  ),
  "open tasks of a worker": constant("tasks/task-worker.ts", "defaultMaxActive"),
  "cancels that came before their request": maxEarlyCancels,
  "events of a task that nobody has read": maxUnreadEvents,
  "bytes of a task's events that nobody has read": maxUnreadBytes,
  "a message": link.maxFrameBytes,
  "a message of a peer that heeds no limit": payloadLimitFor(link.maxFrameBytes) / link.maxFrameBytes,
  "nesting of arrays and objects": wire.maxDepth,
  "a name, or the id of a request": constant("proxy/gate.ts", "maxNameLength"),
  "the reason of a cancel that comes in": constant("proxy/task-traffic.ts", "maxReasonLength"),
  "a proxy's tap on the bus": constant("proxy/outbound.ts", "maxQueuedMessages"),
  "bytes at a proxy's tap, 16 messages apart, before what the peer sends counts as not handled": constant(
    "proxy/outbound.ts",
    "crowdedBytes",
  ),
  "messages that wait for the connection": link.maxQueuedFrames,
  "bytes that wait for the connection": link.maxQueuedBytes,
  "bytes in the socket": link.highWaterBytes,
  "bytes that came in and wait, until a peer that can resume is held back":
    constant("proxy/proxy-session.ts", "defaultMaxWaitingBytes") / 2,
  "messages likewise": constant("proxy/inbound.ts", "messagesUntilHeld"),
  "how long it is held back while nothing is handled": constant("proxy/inbound.ts", "patienceMs"),
  "frames that are not acknowledged, in each direction": link.maxQueuedFrames,
  "bytes of them": link.maxQueuedBytes,
  "how long it waits for its next connection": link.windowMs,
  "how long, when the client has never acknowledged anything": constant("proxy/link/seat.ts", "unconfirmedWindowMs"),
  "bytes that wait for clients that are away, in all sessions of a server": constant(
    "proxy/link/session-desk.ts",
    "defaultMaxSuspendedBytes",
  ),
  "a control frame": maxControlBytes,
  "tokens that are good at a time": constant("proxy/link/token-chain.ts", "maxKept"),
  "lost sessions of which a server remembers the reason, for as long as their window": constant(
    "proxy/link/session-desk.ts",
    "maxRemembered",
  ),
  "frames that an `LLMAgent` holds while a tool runs": constant("llm/llm-agent.ts", "maxHeldFrames"),
  "frames that arrive before the proxy is ready": constant("proxy/reception.ts", "maxHeldFrames"),
  "bytes that arrive before the proxy is ready": constant("proxy/reception.ts", "maxHeldBytes"),
  "bytes that came in and wait to be handled": constant("proxy/proxy-session.ts", "defaultMaxWaitingBytes"),
  "bytes of requests that came in and are not answered": constant("proxy/proxy-session.ts", "defaultMaxWaitingBytes"),
  "requests without an answer, in each direction": constant("proxy/gate.ts", "policy.maxOpenRequests"),
  "cancelled requests that may still be answered": constant("proxy/open-requests.ts", "maxCancelled"),
  "agents that a peer makes known": 1,
  "sessions, with those that are let in just now": constant("proxy/entrance.node.ts", "defaultMaxSessions"),
  "sockets, with those that say nothing": 2 * constant("proxy/entrance.node.ts", "defaultMaxSessions"),
  "connections of one address": constant("proxy/entrance.node.ts", "defaultMaxConnectionsPerAddress"),
  "headers of a request, with its first line": maxHeaderBytes,
  "lines of headers": maxHeaderLines,
  "time from the connection to the end of the headers": constant("proxy/entrance.node.ts", "defaultHandshakeTimeoutMs"),
  "time from the handshake to hello, where a session could be resumed": helloTimeoutMs,
  "time for `authenticate`": constant("proxy/entrance.node.ts", "authenticateTimeoutMs"),
  "lines that the server writes itself, for each cause": 1_000 / constant("proxy/bounded-log.ts", "leastBetweenMs"),
  "the text of such a line": maxLogLength,
  "time to set up a session": constant("proxy/session.ts", "defaultSetupTimeoutMs"),
};

/** The first number of a cell, in bytes or milliseconds where it has a unit. */
function documented(cell: string): number | undefined {
  const [, number, unit] = /^([\d,]+)(?: (MiB|KiB|s)\b)?/.exec(cell) ?? [];
  if (number === undefined) return undefined;
  return Number(number.replaceAll(",", "")) * (units[unit ?? ""] ?? 1);
}

describe("docs/limits.md", () => {
  it("has its rows read, and names each once", () => {
    expect(rows.length).toBeGreaterThan(25);
    expect(new Set(rows.map(({ what }) => what)).size).toBe(rows.length);
  });

  it("says the numbers that the code has", () => {
    const said = rows.flatMap(({ what, limit }) => {
      const number = documented(limit);
      return number === undefined ? [] : [[what, number] as const];
    });
    expect(Object.fromEntries(said)).toEqual(numbers);
  });

  it("has a socket that says nothing gone in 12 s, both deadlines together", () => {
    expect(constant("proxy/entrance.node.ts", "defaultHandshakeTimeoutMs") + helloTimeoutMs).toBe(12_000);
  });

  it.each(rows)("names a test that is there: $what", ({ title, file }) => {
    expect(existsSync(file), `${file} is there`).toBe(true);
    expect(text(file)).toContain(title);
  });

  it("and ARCHITECTURE.md agree", () => {
    const short = text("../../ARCHITECTURE.md").split("| queue | limit |")[1]?.split("\n\n")[0] ?? "";
    for (const number of short.match(/\d[\d,]*(?: MiB)?/g) ?? []) expect(text(page)).toContain(number);
  });
});
