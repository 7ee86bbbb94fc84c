import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import fc from "fast-check";
import {
  BusAgentGoneMessage,
  BusAgentReadyMessage,
  BusAgentRegistryMessage,
  BusFrameMessage,
  type BusMessage,
  BusTaskCancelMessage,
  type TextFrame,
  type TrunklineError,
} from "trunkline";
import { type AgentServer, type AgentSession, serveAgents } from "trunkline/server";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { Recording } from "../support/recording.ts";
import { until } from "../support/settled.ts";
import { assistantSession, RemoteClient } from "./remote-client.ts";

const maxFrameBytes = 1_048_576;
// Everything an attacker says that must not come in carries this word.
const forbidden = "FORBIDDEN";

interface Attacked {
  readonly session: AgentSession;
  readonly recording: Recording;
}

let server: AgentServer;
let good: RemoteClient;
const attacked: Attacked[] = [];
const errors: TrunklineError[] = [];
const goneFromTheGood: unknown[] = [];
const unhandled: unknown[] = [];
const noteUnhandled = (reason: unknown): void => void unhandled.push(reason);
const prototypeBefore = Object.getOwnPropertyNames(Object.prototype).sort();

beforeAll(async () => {
  process.on("unhandledRejection", noteUnhandled);
  server = await serveAgents({}, async (session) => {
    attacked.push({ session, recording: await Recording.of(session.runner.bus) });
    await assistantSession(session);
  });
  server.on("error", ({ error }) => void errors.push(error));
  good = await RemoteClient.connected(server.url);
  good.acme.on("agentGone", (data) => void goneFromTheGood.push(data));
  await good.acme.watchAgent("assistant");
});

afterEach(async () => {
  expect(await good.double(21), "the other session goes on being served").toBe(42);
  expect(goneFromTheGood).toEqual([]);
  for (const { recording } of attacked) expect(recording.messages.filter(mustNotBeHere)).toEqual([]);
  expect(Object.getOwnPropertyNames(Object.prototype).sort()).toEqual(prototypeBefore);
  expect({}).not.toHaveProperty("polluted");
  expect(errors).toEqual([]);
  expect(unhandled).toEqual([]);
  // The attacker's sessions end with their clients.
  await until(() => server.sessionCount === 1, "only the good session being left");
});

afterAll(async () => {
  await server.close({ graceMs: 2_000 });
  await until(() => good.interrupted.length === 1);
  expect(good.interrupted).toMatchObject([{ code: 1012 }]);
  await good[Symbol.asyncDispose]();
  process.off("unhandledRejection", noteUnhandled);
});

/** From the tables of the contract: what a session's own agents never send, and no peer may. */
function mustNotBeHere(message: BusMessage): boolean {
  if (JSON.stringify({ ...message, agent: undefined }).includes(forbidden)) return true;
  const discovery =
    message instanceof BusAgentReadyMessage ||
    message instanceof BusAgentRegistryMessage ||
    message instanceof BusAgentGoneMessage;
  if (message.source !== "acme" && message.source !== "eve") return false;
  return !(message.target === "assistant" || (message.target === undefined && (discovery || isFrame(message))));
}

const isFrame = (message: BusMessage): message is BusFrameMessage => message instanceof BusFrameMessage;

/** A message as Python peers write it. */
const wire = (type: string, data: object): string =>
  JSON.stringify({ __type__: `pipecat_subagents.bus.messages.${type}`, __data__: data });
const request = (data: object = {}): string =>
  wire("BusTaskRequestMessage", {
    source: "acme",
    target: "assistant",
    task_id: "t",
    task_name: "double",
    payload: { n: 4 },
    ...data,
  });
const frame = (text: string, data: object = {}): string =>
  wire("BusFrameMessage", {
    source: "acme",
    frame: {
      __type__: "pipecat.frames.frames.TextFrame",
      __data__: { id: 1, name: "TextFrame#0", metadata: {}, text },
    },
    direction: { __type__: "pipecat.processors.frame_processor.FrameDirection", __data__: "DOWNSTREAM" },
    ...data,
  });

/** A client that says what it likes. */
class Attacker implements AsyncDisposable {
  readonly socket: WebSocket;
  readonly heard: string[] = [];
  #asked = 0;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("error", () => {});
    socket.on("message", (data) => void this.heard.push(String(data)));
  }

  static async connected(): Promise<Attacker> {
    const attacker = new Attacker(new WebSocket(server.url));
    await once(attacker.socket, "open");
    return attacker;
  }

  say(...frames: readonly (string | Uint8Array)[]): void {
    for (const data of frames) this.socket.send(data);
  }

  /** Its own session lives, and has dealt with everything that was said before. */
  async isServed(): Promise<void> {
    const taskId = `asked-${this.#asked++}`;
    this.say(request({ task_id: taskId }));
    await until(() => this.heard.some((text) => text.includes(taskId) && text.includes('"doubled":8')), "an answer");
  }

  /** Its session, on the server. */
  get session(): Attacked {
    const last = attacked.at(-1);
    if (last === undefined) throw new Error("there is no session");
    return last;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return;
    this.socket.terminate();
    await once(this.socket, "close");
  }
}

describe("hostile clients: what they say", () => {
  it("K8, K18: random bytes, in binary and text frames, end neither the session nor anybody else's", async () => {
    await using attacker = await Attacker.connected();
    const frames = fc.array(fc.oneof(fc.uint8Array({ maxLength: 2_000 }), fc.string({ unit: "binary" })), {
      minLength: 1,
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(frames, async (said) => {
        attacker.say(...said);
        await attacker.isServed();
      }),
      { numRuns: 25 },
    );
  });

  it("K8: JSON of the wrong shape", async () => {
    await using attacker = await Attacker.connected();
    const good = JSON.parse(request()) as { __type__: string; __data__: Record<string, unknown> };
    const wrong = [null, 1, -0, "x", true, [], {}, [[]], { __type__: "bytes", __data__: "AA==" }];
    for (const value of wrong) {
      attacker.say(JSON.stringify(value), JSON.stringify([good, value]));
      attacker.say(JSON.stringify({ ...good, __data__: value }), JSON.stringify({ ...good, __type__: value }));
      for (const field of ["source", "target", "task_id", "task_name"]) {
        if (value === null || typeof value === "string") continue;
        attacker.say(JSON.stringify({ ...good, __data__: { ...good.__data__, [field]: value, payload: forbidden } }));
      }
    }
    await attacker.isServed();
    await fc.assert(
      fc.asyncProperty(fc.json({ maxDepth: 5 }), async (text) => {
        attacker.say(text);
        await attacker.isServed();
      }),
      { numRuns: 50 },
    );
  });

  it("K1: types that nobody registered are never looked for", async () => {
    await using attacker = await Attacker.connected();
    const types = ["os.system", "subprocess.Popen", "node:child_process", "constructor", "__proto__", "toString", ""];
    for (const __type__ of [...types, "x".repeat(100_000)]) {
      attacker.say(JSON.stringify({ __type__, __data__: { source: "acme", target: "assistant", args: [forbidden] } }));
      attacker.say(wire("BusFrameMessage", { source: "acme", frame: { __type__, __data__: { text: forbidden } } }));
    }
    await attacker.isServed();
  });

  it("K4: nobody speaks under a name that lives on this side", async () => {
    await using attacker = await Attacker.connected();
    await attacker.isServed();
    const { runner } = attacker.session.session;
    for (const source of ["assistant", "gateway", "gateway/outbound", "recording", runner.name]) {
      attacker.say(request({ source, payload: { forbidden } }), frame(forbidden, { source }));
      attacker.say(wire("BusAgentErrorMessage", { source, target: "assistant", error: forbidden }));
    }
    attacker.say(frame(forbidden, { source: "eve" }), request({ source: "", payload: { forbidden } }));
    for (const target of ["gateway", "recording", runner.name, "elsewhere"]) {
      attacker.say(request({ target, payload: { forbidden } }), frame(forbidden, { target }));
    }
    await attacker.isServed();
  });

  it("K3, K7: a peer ends, cancels or adds nothing, whoever it says it is and whomever it aims at", async () => {
    await using attacker = await Attacker.connected();
    await attacker.isServed();
    const { session } = attacker.session;
    const types = [
      "BusEndMessage",
      "BusCancelMessage",
      "BusEndAgentMessage",
      "BusCancelAgentMessage",
      "BusAddAgentMessage",
      "BusAgentLocalErrorMessage",
    ];
    for (const type of types) {
      for (const source of ["acme", "eve", "assistant", session.runner.name]) {
        for (const target of [undefined, "assistant", "gateway", session.runner.name]) {
          const agent = { __type__: "builtins.object", __data__: {} };
          attacker.say(wire(type, { source, target, reason: forbidden, error: forbidden, agent }));
        }
      }
    }
    await attacker.isServed();
    expect(session.signal.aborted).toBe(false);
    expect(session.runner.agents.map(({ name }) => name).sort()).toEqual(["assistant", "gateway"]);
  });

  it("K6: a registry speaks of the one agent the link is for, and of nobody who lives here", async () => {
    await using attacker = await Attacker.connected();
    await attacker.isServed();
    const entry = (name: string): object => ({
      __type__: "pipecat_subagents.types.AgentRegistryEntry",
      __data__: { name, active: true, bridged: false },
    });
    const { runner } = attacker.session.session;
    const many = Array.from({ length: 1_000 }, (_, index) => entry(`${forbidden}-${index}`));
    const local = ["assistant", "gateway", runner.name].map(entry);
    const registry = (source: string, agents: readonly object[]): string =>
      wire("BusAgentRegistryMessage", { source, runner: forbidden, agents });
    attacker.say(registry("acme", many), registry("eve", local), registry(runner.name, [entry("acme")]));
    for (let index = 0; index < 1_000; index++) {
      attacker.say(
        wire("BusAgentReadyMessage", { source: `${forbidden}-${index}`, runner: "r", active: true, bridged: false }),
      );
    }
    attacker.say(wire("BusAgentGoneMessage", { source: "acme", runner: runner.name, agents: ["assistant"] }));
    await attacker.isServed();
    const known = () => [...runner.registry.localAgents, ...runner.registry.remoteAgents].sort();
    // It has spoken, so it is there; nobody it named is.
    expect(known()).toEqual(["acme", "assistant", "gateway"]);
    attacker.say(registry("acme", [...many, ...local, entry("acme")]));
    await attacker.isServed();
    expect(known()).toEqual(["acme", "assistant", "gateway"]);
  });

  it("K2, K8: prototype keys, deep nesting and tags in a payload are data or nothing", async () => {
    await using attacker = await Attacker.connected();
    const deep = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
    const payload = (json: string): string => request({ payload: "PUT" }).replace('"PUT"', json);
    attacker.say(
      payload('{"__proto__":{"polluted":1},"n":1}'),
      payload('{"constructor":{"prototype":{"polluted":1}},"n":1}'),
      payload('{"__type__":"os.system","__data__":{"n":1}}'),
      payload(`{"n":1,"deep":${deep(5_000)}}`),
      payload(`${'{"n":'.repeat(5_000)}1${"}".repeat(5_000)}`),
      `{"__proto__":{"polluted":1},"__type__":"x","__data__":{}}`,
      `{"__type__":"pipecat_subagents.bus.messages.BusTaskRequestMessage","__data__":{"__proto__":{"polluted":1}}}`,
      deep(5_000),
      deep(500_000),
    );
    await attacker.isServed();
  });

  it("K22: a frame over 1 MiB is dropped alone; one over what a frame may be at all ends its own connection", async () => {
    await using attacker = await Attacker.connected();
    attacker.say(request({ payload: { forbidden, padding: "x".repeat(maxFrameBytes) } }));
    attacker.say(new Uint8Array(maxFrameBytes + 1), randomBytes(maxFrameBytes * 2));
    await attacker.isServed();
    attacker.say(new Uint8Array(maxFrameBytes * 4 + 1));
    const [code] = (await once(attacker.socket, "close")) as [number];
    expect(code).toBe(1009);
  });

  it("a flood of requests is answered, and a flood of cancels for strangers' tasks disturbs nobody", async () => {
    await using attacker = await Attacker.connected();
    for (let index = 0; index < 2_000; index++) attacker.say(request({ task_id: `t-${index}` }));
    for (let index = 0; index < 2_000; index++) {
      attacker.say(wire("BusTaskCancelMessage", { source: "acme", target: "assistant", task_id: `no-${index}` }));
    }
    expect(await good.double(1)).toBe(2);
    await attacker.isServed();
    const answers = attacker.heard.filter((text) => text.includes("BusTaskResponse"));
    expect(answers.length).toBeGreaterThanOrEqual(2_000);
    expect(attacker.session.recording.all(BusTaskCancelMessage).every(({ source }) => source === "acme")).toBe(true);
  });

  it("a client that does not read is left waiting, and nobody else is", async () => {
    await using attacker = await Attacker.connected();
    attacker.socket.pause();
    const text = "x".repeat(100_000);
    for (let index = 0; index < 300; index++) attacker.say(frame(text));
    for (let index = 0; index < 20; index++) expect(await good.double(index)).toBe(index * 2);
    expect(await good.echo("hello")).toBe("hello");
  });
});

/** A connection below WebSockets. */
class Raw implements AsyncDisposable {
  readonly socket: Socket;
  heard = "";

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("error", () => {});
    socket.on("data", (data) => {
      this.heard += data.toString("latin1");
    });
  }

  static async connected(): Promise<Raw> {
    const raw = new Raw(connect(server.port, "127.0.0.1"));
    await once(raw.socket, "connect");
    return raw;
  }

  static async upgraded(): Promise<Raw> {
    const raw = await Raw.connected();
    raw.socket.write(`${handshake}\r\n\r\n`);
    await until(() => raw.heard.startsWith("HTTP/1.1 101"), "the handshake");
    return raw;
  }

  async closed(): Promise<void> {
    if (!this.socket.closed) await once(this.socket, "close");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    await this.closed();
  }
}

const handshake = [
  "GET /ws HTTP/1.1",
  "Host: 127.0.0.1",
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version: 13",
].join("\r\n");

/** One frame with a mask of zeros, which leaves the payload readable. */
const masked = (opcode: number, payload: Uint8Array | string): Buffer => {
  const data = Buffer.from(payload);
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | data.length, 0, 0, 0, 0]), data]);
};

describe("hostile clients: how they say it", () => {
  it.each([
    ["an opcode that does not exist", masked(0x3, "x")],
    ["a frame without a mask", Buffer.from([0x81, 0x01, 0x78])],
    ["text that is no UTF-8", masked(0x1, Buffer.from([0xff, 0xfe, 0xfd]))],
    ["a control frame in fragments", Buffer.from([0x09, 0x80, 0, 0, 0, 0])],
    ["a control frame that is too long", Buffer.from([0x89, 0xfe, 0x01, 0x00, 0, 0, 0, 0])],
    ["a continuation of nothing", masked(0x0, "x")],
    ["reserved bits", Buffer.from([0xf1, 0x80, 0, 0, 0, 0])],
    [
      "a length beyond all numbers",
      Buffer.from([0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]),
    ],
    ["a close code that does not exist", masked(0x8, Buffer.from([0x00, 0x01]))],
    ["a close of one byte", masked(0x8, Buffer.from([0x03]))],
  ])("%s ends that connection alone", async (_what, bytes) => {
    await using raw = await Raw.upgraded();
    raw.socket.write(bytes);
    raw.socket.write(masked(0x1, forbidden));
    await raw.closed();
  });

  it("random bytes after the handshake", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 20, maxLength: 5_000 }), async (bytes) => {
        await using raw = await Raw.upgraded();
        raw.socket.write(bytes);
        expect(await good.double(1)).toBe(2);
      }),
      { numRuns: 25 },
    );
  });

  it("a message in a thousand pieces is one message, and one that is never finished holds nobody up", async () => {
    await using raw = await Raw.upgraded();
    const text = request({ task_id: "in-pieces" });
    const pieces = [...text].map((letter, index) => {
      const piece = masked(index === 0 ? 0x1 : 0x0, letter);
      piece[0] = ((piece[0] ?? 0) & 0x7f) | (index === text.length - 1 ? 0x80 : 0);
      return piece;
    });
    for (const piece of pieces) raw.socket.write(piece);
    await until(() => raw.heard.includes('"doubled":8'));
    for (let index = 0; index < 1_000; index++)
      raw.socket.write(Buffer.from([index === 0 ? 0x01 : 0x00, 0x80, 0, 0, 0, 0]));
    expect(await good.double(1)).toBe(2);
  });

  it("an endless header is cut off", async () => {
    await using raw = await Raw.connected();
    raw.socket.write("GET /ws HTTP/1.1\r\n");
    for (let index = 0; index < 100 && !raw.socket.closed; index++) {
      raw.socket.write(`X-${index}: ${"y".repeat(1_000)}\r\n`);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await raw.closed();
    expect(raw.heard).toMatch(/^HTTP\/1\.1 431 |^$/);
  });

  it("headers that drip, handshakes that stop half way and two hundred who say nothing keep nobody out", async () => {
    const silent = await Promise.all(Array.from({ length: 200 }, () => Raw.connected()));
    for (const raw of silent.slice(0, 50)) raw.socket.write(handshake.slice(0, 60));
    await using dripping = await Raw.connected();
    for (const letter of handshake.slice(0, 20)) {
      dripping.socket.write(letter);
      expect(await good.double(1)).toBe(2);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await using newcomer = await RemoteClient.connected(server.url);
    expect(await newcomer.double(3)).toBe(6);
    for (const raw of silent) await raw[Symbol.asyncDispose]();
  });

  it("who never finishes a request is cut off in the end", { timeout: 30_000 }, async () => {
    await using half = await Raw.connected();
    half.socket.write(handshake.slice(0, 60));
    await using silent = await Raw.connected();
    await Promise.all([half.closed(), silent.closed()]);
    expect(half.heard).toMatch(/^HTTP\/1\.1 408 |^$/);
  });

  it.each([
    ["no key", handshake.replace(/\r\nSec-WebSocket-Key: .*/, "")],
    ["a key that is none", handshake.replace(/Key: .*/, "Key: short")],
    ["a version that is none", handshake.replace("Version: 13", "Version: 99")],
    ["another protocol", handshake.replace("Upgrade: websocket", "Upgrade: h2c")],
    ["another method", handshake.replace("GET", "POST")],
    ["no path", handshake.replace("GET /ws", "GET //[")],
  ])("a handshake with %s is refused", async (_what, head) => {
    await using raw = await Raw.connected();
    raw.socket.write(`${head}\r\n\r\n`);
    await raw.closed();
    expect(raw.heard).toMatch(/^HTTP\/1\.1 4\d\d /);
  });

  it("a client that leaves in the middle of its handshake leaves nothing", async () => {
    for (let index = 0; index < 20; index++) {
      const raw = await Raw.connected();
      raw.socket.write(`${handshake}\r\n\r\n`);
      raw.socket.resetAndDestroy();
      await raw.closed();
    }
    await until(() => server.sessionCount === 1);
  });
});

it("what a hostile client sends as its own words arrives as words", async () => {
  await using attacker = await Attacker.connected();
  attacker.say(frame("<script>__type__</script>"));
  await attacker.isServed();
  const texts = attacker.session.recording.all(BusFrameMessage).map(({ frame: sent }) => (sent as TextFrame).text);
  expect(texts[0]).toBe("<script>__type__</script>");
});
