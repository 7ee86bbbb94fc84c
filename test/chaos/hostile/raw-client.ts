import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { until } from "../../support/settled.ts";
import { framesIn, type HeardFrame, opcodes, rawFrame } from "./raw-frame.ts";

const maxHeard = 10_000;

/** A handshake as it should be, line by line. */
export const upgradeLines: readonly string[] = [
  "GET /ws HTTP/1.1",
  "Host: 127.0.0.1",
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version: 13",
];

export const request = (lines: readonly string[]): string => `${lines.join("\r\n")}\r\n\r\n`;

/** A connection below WebSockets, for saying what no library would. */
export class RawClient implements AsyncDisposable {
  readonly socket: Socket;
  /** What the server has answered to the handshake, or in place of one; empty until it is whole. */
  head = "";
  /** Everything that came after the head and was no frame yet. */
  #rest: Buffer = Buffer.alloc(0);
  readonly #frames: HeardFrame[] = [];
  /** False: it does not say goodbye when the server does, and stays. */
  answersGoodbye = true;
  #framesHeard = 0;
  #ended = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on("error", () => {});
    socket.on("data", (data: Buffer) => this.#hear(data));
    socket.on("end", () => {
      this.#ended = true;
    });
  }

  static async connected(port: number): Promise<RawClient> {
    const client = new RawClient(connect({ port, host: "127.0.0.1", allowHalfOpen: true }));
    await once(client.socket, "connect");
    return client;
  }

  static async upgraded(port: number, protocol?: string): Promise<RawClient> {
    const client = await RawClient.connected(port);
    const lines = protocol === undefined ? upgradeLines : [...upgradeLines, `Sec-WebSocket-Protocol: ${protocol}`];
    client.socket.write(request(lines));
    await until(() => client.status !== undefined, "an answer to the handshake");
    if (client.status !== 101) throw new Error(`The handshake was answered with ${client.status}.`);
    return client;
  }

  /** The status of the answer. */
  get status(): number | undefined {
    const status = /^HTTP\/1\.\d (\d{3}) /.exec(this.head)?.[1];
    return status === undefined ? undefined : Number(status);
  }

  /** The frames of the server; only the first ones are kept. */
  get frames(): readonly HeardFrame[] {
    return this.#frames;
  }

  get framesHeard(): number {
    return this.#framesHeard;
  }

  get texts(): readonly string[] {
    return this.#frames.filter(({ opcode }) => opcode === opcodes.text).map(({ payload }) => payload.toString());
  }

  /** Keeps nothing of what was heard up to now but the control objects. */
  forget(): void {
    const kept = this.#frames.filter(({ opcode }) => opcode === opcodes.text || opcode === opcodes.close);
    this.#frames.splice(0, this.#frames.length, ...kept);
  }

  /** The code with which the server has closed; undefined when it did not. */
  get closeCode(): number | undefined {
    const payload = this.#frames.findLast(({ opcode }) => opcode === opcodes.close)?.payload;
    return payload !== undefined && payload.length >= 2 ? payload.readUInt16BE(0) : undefined;
  }

  /** True when the server says nothing more on this connection. */
  get over(): boolean {
    return this.#ended || this.socket.closed || this.socket.destroyed;
  }

  /** Says something, and does not wait for the server to read it. */
  say(...parts: readonly (string | Uint8Array)[]): void {
    for (const part of parts) if (this.socket.writable) this.socket.write(part);
  }

  /** Says something and resolves when it has left; false when the server does not read it within the time. */
  async press(part: Uint8Array, timeoutMs = 400): Promise<boolean> {
    if (!this.socket.writable) return false;
    if (this.socket.write(part)) return true;
    const late = AbortSignal.timeout(timeoutMs);
    return once(this.socket, "drain", { signal: late }).then(
      () => true,
      () => false,
    );
  }

  /** Breaks the connection off without a word. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** Resolves when the server has ended the connection. */
  async ended(timeoutMs = 5_000): Promise<void> {
    await until(() => this.over, "the server ending the connection", timeoutMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    if (!this.socket.closed) await once(this.socket, "close");
  }

  #hear(data: Buffer): void {
    this.#rest = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data]);
    if (this.head === "") {
      const end = this.#rest.indexOf("\r\n\r\n");
      if (end === -1) return;
      this.head = this.#rest.subarray(0, end).toString("latin1");
      this.#rest = this.#rest.subarray(end + 4);
    }
    if (this.status !== 101) return;
    const { frames, byteLength } = framesIn(this.#rest);
    const goodbye = frames.find(({ opcode }) => opcode === opcodes.close);
    if (goodbye !== undefined && this.answersGoodbye) {
      this.say(rawFrame(goodbye));
      this.socket.end();
    }
    this.#rest = this.#rest.subarray(byteLength);
    this.#framesHeard += frames.length;
    // Copies: a piece of what was read would keep all of it.
    const kept = frames.filter(({ opcode }) => opcode === opcodes.close || this.#frames.length < maxHeard);
    for (const { opcode, payload } of kept) this.#frames.push({ opcode, payload: Buffer.from(payload) });
  }
}
