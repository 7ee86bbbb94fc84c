import fc from "fast-check";
import { expect, it } from "vitest";
import { type DeskAnswer, Link, SessionDesk, type SessionLostReason } from "../../src/proxy/link/index.ts";
import { ScriptedSocket } from "../resume/client-socket.ts";
import { ManualClock } from "./link-harness.ts";

const maxSuspendedBytes = 1_000;
const windowMs = 1_000;
const bytesPerFrame = 128;

type Step =
  | { readonly do: "arrive" }
  | { readonly do: "cut" | "close"; readonly who: number }
  | { readonly do: "send"; readonly who: number; readonly size: number }
  | { readonly do: "comeBack"; readonly who: number; readonly at: number }
  | { readonly do: "wait"; readonly ms: number };

const who = fc.nat(5);
// Several of a size come to exactly the bound, with what each counts beside its bytes.
const size = fc.constantFrom(0, 72, 122, 372, 500, 900);
const at = fc.nat(100).map((percent) => percent / 100);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("arrive" as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("cut" as const), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("close" as const), who }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("send" as const), who, size }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("comeBack" as const), who, at }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.nat(600) }) },
);

/** What may wait does; a byte more would not. */
const atTheBound: Step[] = [
  { do: "arrive" },
  { do: "send", who: 0, size: 372 },
  { do: "send", who: 0, size: 372 },
  { do: "cut", who: 0 },
  { do: "arrive" },
  { do: "cut", who: 1 },
];

/** A client, and beside its link what the test knows of its session. */
interface Client {
  socket: ScriptedSocket;
  readonly link: Link;
  readonly sid: unknown;
  token: unknown;
  /** Sizes of all frames that the server has sent. */
  readonly sent: number[];
  acknowledged: number;
  written: number;
  /** When its connection was cut. */
  suspendedAt: number | undefined;
  over: boolean;
  lost: { readonly reason: SessionLostReason; readonly atMs: number } | undefined;
}

const weightOf = ({ sent, acknowledged }: Client): number =>
  sent.slice(acknowledged).reduce((sum, size) => sum + size + bytesPerFrame, 0);

class Stage {
  readonly clock = new ManualClock();
  readonly clients: Client[] = [];
  readonly told: SessionLostReason[] = [];
  readonly #expected: SessionLostReason[] = [];
  /** The longest away first. */
  #suspended: Client[] = [];
  #resumed = 0;
  readonly #desk = new SessionDesk({
    link: { clock: this.clock, windowMs, heartbeatMs: 1e8 },
    maxSuspendedBytes,
    isSamePrincipal: (known, given) => known === given,
    onLost: (reason) => void this.told.push(reason),
  });

  async run(step: Step): Promise<void> {
    if (step.do === "arrive") {
      if (this.clients.length < 6) this.clients.push(await this.#arrive());
    } else if (step.do === "wait") this.#wait(step.ms);
    else {
      const client = this.clients[step.who];
      if (client === undefined) return;
      if (step.do === "cut") this.#cut(client);
      if (step.do === "close") this.#close(client);
      if (step.do === "send") this.#send(client, step.size);
      if (step.do === "comeBack") await this.#comeBack(client, step.at);
    }
    this.#check();
  }

  /** Nothing is left when everybody has gone. */
  end(): void {
    for (const { link } of this.clients) link.terminate();
    expect(this.#desk.counters).toMatchObject({ seats: 0, suspended: 0, suspendedBytes: 0 });
  }

  async #hello(socket: ScriptedSocket, hello: object): Promise<DeskAnswer> {
    const answer = this.#desk.admit(socket, "kim");
    socket.hear({ t: "hello", v: 1, ...hello });
    return answer;
  }

  async #arrive(): Promise<Client> {
    const socket = new ScriptedSocket();
    return this.#seated(socket, await this.#hello(socket, { sid: null, received: 0 }));
  }

  #seated(socket: ScriptedSocket, answer: DeskAnswer): Client {
    if (answer.kind !== "new") throw new Error(`a new client is ${answer.kind}`);
    const nothing = () => undefined;
    const events = { onOpen: nothing, onMessage: nothing, onOversize: nothing, onConnectFailed: nothing };
    const link = new Link(answer.seat, { ...events, onClosed: nothing, onFault: nothing }, { clock: this.clock });
    link.open();
    socket.hear({ t: "ack", received: 0 });
    const { sid, token } = socket.controls[0] ?? {};
    const numbers = { sent: [], acknowledged: 0, written: 0 };
    return { socket, link, sid, token, ...numbers, suspendedAt: undefined, over: false, lost: undefined };
  }

  #cut(client: Client): void {
    client.socket.end(1006);
    if (client.over || client.suspendedAt !== undefined) return;
    client.suspendedAt = this.clock.now();
    this.#suspended.push(client);
    this.#relieve();
  }

  #close(client: Client): void {
    void client.link.close();
    client.socket.end(1000);
    client.over = true;
    this.#suspended = this.#suspended.filter((it) => it !== client);
  }

  #send(client: Client, size: number): void {
    client.link.send(new Uint8Array(size)).catch(() => undefined);
    if (client.over) return;
    client.sent.push(size);
    if (client.suspendedAt === undefined) client.written = client.sent.length;
    else this.#relieve();
  }

  async #comeBack(client: Client, at: number): Promise<void> {
    const socket = new ScriptedSocket();
    const { sid, token, acknowledged, written, over, lost } = client;
    const received = acknowledged + Math.round(at * (written - acknowledged));
    const answer = await this.#hello(socket, { sid, token, received });
    if (over) {
      const next = this.#seated(socket, answer);
      const said = socket.controls[0]?.lost;
      const reason = lost?.reason ?? "unknown";
      if (lost === undefined || this.clock.now() - lost.atMs < windowMs) expect(said).toBe(reason);
      else expect([reason, "unknown"]).toContain(said);
      this.clients[this.clients.indexOf(client)] = next;
      return;
    }
    expect(answer).toEqual({ kind: "resumed", sid });
    this.#suspended = this.#suspended.filter((it) => it !== client);
    this.#resumed += 1;
    Object.assign(client, { socket, acknowledged: received, written: client.sent.length, suspendedAt: undefined });
    expect(socket.controls[0]).toMatchObject({ t: "resumed", token: expect.not.stringMatching(String(token)) });
    client.token = socket.controls[0]?.token;
    socket.hear({ t: "ack", received });
  }

  #wait(ms: number): void {
    this.clock.advance(ms);
    const now = this.clock.now();
    for (const client of [...this.#suspended]) {
      const until = (client.suspendedAt ?? now) + windowMs;
      if (until <= now) this.#lose(client, "expired", until);
    }
  }

  /** Those that have been away longest go first, but for those that hold nothing. */
  #relieve(): void {
    for (const client of [...this.#suspended]) {
      if (this.#suspendedBytes <= maxSuspendedBytes) return;
      if (weightOf(client) > 0) this.#lose(client, "pressure", this.clock.now());
    }
  }

  #lose(client: Client, reason: SessionLostReason, atMs: number): void {
    client.over = true;
    client.lost = { reason, atMs };
    this.#expected.push(reason);
    this.#suspended = this.#suspended.filter((it) => it !== client);
  }

  get #suspendedBytes(): number {
    return this.#suspended.reduce((sum, client) => sum + weightOf(client), 0);
  }

  #check(): void {
    expect(this.#suspendedBytes).toBeLessThanOrEqual(maxSuspendedBytes);
    expect(this.#desk.counters).toEqual({
      seats: this.clients.filter(({ over }) => !over).length,
      suspended: this.#suspended.length,
      suspendedBytes: this.#suspendedBytes,
      resumed: this.#resumed,
    });
    expect(this.told).toEqual(this.#expected);
    for (const { link, over, suspendedAt } of this.clients) {
      expect(link.state).toBe(over ? "closed" : suspendedAt === undefined ? "open" : "interrupted");
    }
  }
}

it("what waits for clients that are away is never above the bound, and the longest away that hold something go first", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40, size: "max" }), async (steps) => {
      const stage = new Stage();
      for (const step of steps) await stage.run(step);
      stage.end();
    }),
    { numRuns: 150, examples: [[atTheBound]] },
  );
});
