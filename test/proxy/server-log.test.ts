import type { IncomingMessage } from "node:http";
import { type ServeAgentsOptions, type SessionSetup, serveAgents } from "trunkline/server";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ClientOptions } from "ws";
import { BoundedLog } from "../../src/proxy/bounded-log.ts";
import { logLine } from "../../src/proxy/log-line.ts";
import { until } from "../support/settled.ts";
import { assistantSession } from "./remote-client.ts";
import { knock } from "./server-sockets.ts";

/** What an error quotes, how, and what of it must not be seen. */
type Quoting = [
  what: string,
  message: (request: IncomingMessage) => string,
  secrets: readonly string[],
  other?: object,
];

const lines: string[] = [];

beforeEach(() => {
  lines.length = 0;
  vi.spyOn(console, "error").mockImplementation((...said: unknown[]) => void lines.push(said.map(String).join(" ")));
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** Lines that one client makes a server write to whom nobody listens. */
async function writtenFor(
  authenticate: (request: IncomingMessage) => unknown,
  { query = "", ...options }: ClientOptions & { readonly query?: string } = {},
): Promise<readonly string[]> {
  await using server = await serveAgents({ authenticate }, assistantSession);
  await using refused = await knock(`${server.url}${query}`, options);
  expect(refused.status).toBe(401);
  return lines;
}

// What may not stand in a line, as far as it can be named.
const unprintable =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is about
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\p{Cs}|[\u{e0000}-\u{e007f}]/u;

const token = "q7fK2-vR9_tokenOfAnn";

describe("what a server writes when nobody listens for its errors", () => {
  it.each<[string, string]>([
    ["new lines", "no\nFeb 30 root: logged in\r\nagain"],
    ["terminal sequences", "no\u001b[2J\u001b]0;owned\u0007\u009b31m"],
    ["text that turns around", "no \u202etxt.exe\u202c \u2066x\u2069"],
    ["what has no width", "no\u200bthing\ufeff \u{e0041}\u00ad"],
    ["other ends of a line", "no\u2028more\u2029\u0085"],
    ["halves of pairs", "no \ud83d \ude00"],
    ["a null", "no\0"],
  ])("is one line without %s", async (_what, message) => {
    const [line = "", ...more] = await writtenFor(() => Promise.reject(new Error(message)));
    expect(more).toEqual([]);
    expect(line).not.toMatch(unprintable);
    expect(line).toMatch(/^trunkline: TL_HANDLER_FAILED: A client was refused because authenticate failed: no/);
  });

  it("says what the error said, and where it was thrown", async () => {
    function authenticate(): never {
      throw new TypeError("users.find is not a function — 50 % of the time");
    }
    const [line] = await writtenFor(authenticate);
    expect(line).toMatch(/users\.find is not a function — 50 % of the time \(at .*server-log\.test\.ts:\d+:\d+\)?\)$/);
  });

  const query = `?token=${token}&pin=4711&next=${encodeURIComponent("https://ann:pässword1@app.example/")}`;
  const headers = { authorization: `Bearer ${token}`, cookie: `sid=${token}; theme=dark`, "x-key": "0A1B2C3D4E5F" };
  const basic = { authorization: `Basic ${Buffer.from("ann:open sesame").toString("base64")}` };
  const quoting: readonly Quoting[] = [
    ["the URL", ({ url }) => `bad token in ${url}`, [token, "4711", "token="]],
    ["the whole URL", (it) => `no: ws://${it.headers.host}${it.url}#x`, [token, "4711", "ssword1"]],
    [
      "a value of the query",
      ({ url }) => `"${new URL(url ?? "", "ws://x").searchParams.get("token")}" is bad`,
      [token],
    ],
    ["a part of one", () => `Unexpected token 'q', "${token.slice(0, 10)}"... is not JSON`, [token.slice(0, 7)]],
    ["its end, in capitals", () => `no key ${token.slice(6).toUpperCase()}`, [token.slice(8).toUpperCase()]],
    ["a short one", () => "pin 4711 is wrong", ["4711"]],
    ["what is encoded in the query", () => "cannot parse https://ann:pässword1@app.example/", ["pässword1", "ann:"]],
    ["all headers", ({ headers: all }) => JSON.stringify(all), [token, "0A1B2C3D4E5F"]],
    ["raw headers", ({ rawHeaders }) => rawHeaders.join("\n"), [token, "0A1B2C3D4E5F"]],
    ["what basic credentials say", () => "no user ann with open sesame", ["open sesame", "sesame"], basic],
    [
      "credentials of somebody else",
      () => "ECONNREFUSED redis://app:hunter22@db:6379/0?ssl=off&key=zz",
      ["hunter22", "zz"],
    ],
    ["a token of somebody else", () => "the directory says: Bearer abc.def.ghi is old", ["abc.def.ghi"]],
  ];

  it.each<Quoting>(quoting)(
    "keeps to itself what an error quotes of the client: %s",
    async (_what, message, secrets, other) => {
      const authenticate = (request: IncomingMessage) => {
        throw new Error(message(request), { cause: new Error(message(request)) });
      };
      const [line = ""] = await writtenFor(authenticate, { query, headers: { ...headers, ...other } });
      expect(line).toContain("A client was refused because authenticate failed");
      for (const secret of secrets) expect(line).not.toContain(secret);
    },
  );

  it("does not grow with what the error says", async () => {
    const [line = ""] = await writtenFor(() => Promise.reject(new Error("\n".repeat(1_000_000))));
    expect(line.length).toBeLessThanOrEqual(1_501);
    expect(line).toContain("…");
  });

  it("is safe for errors that are none, and for such as lie about themselves", async () => {
    const liar = Object.assign(new Error("no"), { stack: "Error: no\n    at root (\u001b[2J)\n    at x" });
    liar.cause = liar;
    for (const thrown of [undefined, null, "no\n", Object.create(null), liar, { toString: () => "no\u001b" }]) {
      lines.length = 0;
      const [line = ""] = await writtenFor(() => Promise.reject(thrown));
      expect(line).toContain("TL_HANDLER_FAILED");
      expect(line).not.toMatch(unprintable);
    }
  });

  it("is as careful with what fails later, in a session", async () => {
    const setup: SessionSetup = ({ request }) => {
      throw new Error(`cannot set up\n${request.url}`);
    };
    await using server = await serveAgents({}, setup);
    await using _client = await knock(`${server.url}${query}`);
    await until(() => lines.length === 1);
    expect(lines[0]).toMatch(
      /^trunkline: TL_SESSION_FAILED: The session could not be set up: cannot set up\\u\{a\}\/ws/,
    );
    expect(lines[0]).not.toContain(token);
  });

  it("is at most one line a second for each cause, and the next one says how many were left out", async () => {
    const authenticate: ServeAgentsOptions["authenticate"] = () => Promise.reject(new Error("the database is gone"));
    await using server = await serveAgents({ authenticate }, assistantSession);
    const attempts = async (count: number) => {
      for (let index = 0; index < count; index++) await knock(server.url);
    };
    const begun = performance.now();
    await attempts(30);
    const tookMs = performance.now() - begun;
    expect(lines.length).toBeGreaterThanOrEqual(1);
    expect(lines.length).toBeLessThanOrEqual(1 + Math.floor(tookMs / 1_000));
    const before = lines.length;
    let asked = 30;
    while (lines.length === before) {
      await attempts(1);
      asked += 1;
    }
    const leftOut = lines.map((line) => Number(/\((\d+) more of these were not written\)$/.exec(line)?.[1] ?? 0));
    expect(leftOut.reduce((sum, count) => sum + count, 0) + lines.length).toBe(asked);
  });

  it("is nothing where somebody listens, who gets the error as it is", async () => {
    const cause = new Error(`bad\n${token}`);
    await using server = await serveAgents({ authenticate: () => Promise.reject(cause) }, assistantSession);
    const told: unknown[] = [];
    server.on("error", ({ error }) => void told.push(error.cause));
    await knock(server.url);
    expect(told).toEqual([cause]);
    expect(lines).toEqual([]);
  });
});

describe("a bounded log", () => {
  it("keeps causes apart, and makes only the lines that it writes", () => {
    const written: string[] = [];
    let now = 0;
    const log = new BoundedLog({ write: (line) => void written.push(line), now: () => now });
    const line = vi.fn(() => "x");
    for (let index = 0; index < 5; index++) log.write("a", line);
    log.write("b", () => "y");
    now = 999;
    log.write("a", line);
    now = 1_000;
    log.write("a", line);
    log.write("b", () => "y");
    expect(written).toEqual(["x", "y", "x (5 more of these were not written)", "y"]);
    expect(line).toHaveBeenCalledTimes(2);
  });

  it("remembers the latest of very many causes", () => {
    const written: string[] = [];
    const log = new BoundedLog({ write: (line) => void written.push(line), now: () => 0 });
    for (let index = 0; index < 300; index++) log.write(String(index), () => "x");
    for (let index = 299; index >= 100; index--) log.write(String(index), () => "y");
    expect(written).toHaveLength(300);
  });
});

it("a line leaves what can be printed as it is", () => {
  const text = 'Grüße, 日本語, 👍, \\u{1b}, 50 % and "quotes"';
  expect(logLine(text)).toBe(text);
  expect(logLine("👍".repeat(1_000), 101)).toBe(
    `${"👍".repeat(50)}…`.replace("…", "\\u{d83d}…").slice(0, 101).concat("…"),
  );
});
