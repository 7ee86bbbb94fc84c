import { WebSocket } from "ws";
import { until } from "../support/settled.ts";

export const resumeProtocol = "trunkline.resume.v1";

/** A text frame of the protocol, as it was read. */
export type Control = Readonly<Record<string, unknown>>;

export interface HandSocketOptions {
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** What is offered; none for a plain connection. */
  readonly protocols?: readonly string[] | undefined;
  /** After so many frames, said or heard, the connection is cut. Default: never. */
  readonly steps?: number | undefined;
  /** Cuts right after the last step, while what was said is on its way; else when the next one is due. */
  readonly eager?: boolean | undefined;
}

/** One connection that does what it is told, well-behaved or not. */
export class HandSocket implements AsyncDisposable {
  readonly websocket: WebSocket;
  /** In the order of arrival. */
  readonly heard: (Control | Uint8Array)[] = [];
  onControl: (control: Control) => void = () => {};
  onBinary: (frame: Uint8Array) => void = () => {};
  ending: { readonly code: number; readonly reason: string } | undefined;
  readonly #eager: boolean;
  #steps: number;

  private constructor(websocket: WebSocket, { steps = Number.POSITIVE_INFINITY, eager = false }: HandSocketOptions) {
    this.websocket = websocket;
    this.#steps = steps;
    this.#eager = eager;
    websocket.on("error", () => {});
    websocket.on("message", (data, isBinary) => this.#hear(data as Buffer, isBinary));
    websocket.on("close", (code, reason) => {
      this.ending = { code, reason: String(reason) };
    });
  }

  /** Rejects with the status when the upgrade is refused. */
  static async open(url: string, options: HandSocketOptions = {}): Promise<HandSocket> {
    const { protocols = [resumeProtocol], headers = {} } = options;
    const socket = new HandSocket(new WebSocket(url, [...protocols], { headers }), options);
    await new Promise<void>((resolve, reject) => {
      socket.websocket.once("open", () => resolve());
      socket.websocket.once("error", reject);
      socket.websocket.once("unexpected-response", (request, response) => {
        response.resume();
        request.destroy();
        reject(new Error(`status ${response.statusCode}`));
      });
    });
    return socket;
  }

  get controls(): readonly Control[] {
    return this.heard.filter((what): what is Control => !(what instanceof Uint8Array));
  }

  get binaries(): readonly Uint8Array[] {
    return this.heard.filter((what) => what instanceof Uint8Array);
  }

  /** A text frame: an object as JSON, a string as it is. */
  say(control: unknown): void {
    this.#pass(() => this.websocket.send(typeof control === "string" ? control : JSON.stringify(control)));
  }

  send(frame: Uint8Array): void {
    this.#pass(() => this.websocket.send(frame));
  }

  /** As a broken network does it. */
  cut(): void {
    this.websocket.terminate();
  }

  close(code: number, reason = ""): void {
    this.websocket.close(code, reason);
  }

  /** The first text frame of this kind. */
  async control(t: string): Promise<Control> {
    const find = () => this.controls.find((control) => control.t === t);
    await until(() => find() !== undefined || this.ending !== undefined, `"${t}" being said`);
    const control = find();
    if (control === undefined) throw new Error(`instead of "${t}" the end came: ${JSON.stringify(this.ending)}`);
    return control;
  }

  async ended(timeoutMs?: number): Promise<{ readonly code: number; readonly reason: string }> {
    await until(() => this.ending !== undefined, "the connection being over", timeoutMs);
    return this.ending as { readonly code: number; readonly reason: string };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await this.ended();
  }

  #hear(data: Buffer, isBinary: boolean): void {
    this.#pass(() => {
      const what = isBinary ? new Uint8Array(data) : (JSON.parse(String(data)) as Control);
      this.heard.push(what);
      if (what instanceof Uint8Array) this.onBinary(what);
      else this.onControl(what);
    });
  }

  #pass(step: () => void): void {
    if (this.#steps <= 0) {
      this.cut();
      return;
    }
    this.#steps -= 1;
    step();
    if (this.#eager && this.#steps === 0) this.cut();
  }
}
