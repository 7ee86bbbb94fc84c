import {
  BaseAgent,
  BusDataMessage,
  BusFrameMessage,
  type BusMessage,
  JSONMessageSerializer,
  TextFrame,
  WebSocketProxyClientAgent,
  type WebSocketProxyClientAgentOptions,
} from "trunkline";
import { Recording } from "../support/recording.ts";
import { Running } from "../support/running.ts";
import { until } from "../support/settled.ts";
import type { Told } from "./client-link.ts";

const sessionEvents = ["connected", "interrupted", "resumed", "sessionLost", "disconnected"] as const;
const otherEvents = ["slow", "connectFailed", "rejected"] as const;

const serializer = new JSONMessageSerializer();

/** A message as the assistant's side would put it on the wire. */
export const wire = (message: BusMessage): Uint8Array => serializer.serialize(message);

/** A frame with a text, from the assistant. */
export const says = (text: string): Uint8Array =>
  wire(new BusFrameMessage({ source: "assistant", frame: new TextFrame({ text }), direction: "downstream" }));

/** The messages in a client's frames. */
export function read(frames: readonly (Uint8Array | undefined)[]): (BusMessage | undefined)[] {
  return frames.map((frame) => (frame === undefined ? undefined : serializer.deserialize(frame)));
}

/** The texts of those of a client's frames that carry one, without what else an agent says by itself. */
export function textsIn(frames: readonly (Uint8Array | undefined)[]): string[] {
  return read(frames).flatMap((message) =>
    message instanceof BusFrameMessage && message.frame instanceof TextFrame ? [message.frame.text] : [],
  );
}

/** A runner with the agent `acme` and a client's proxy to `assistant`, and everything the proxy tells. */
export class ClientStage implements AsyncDisposable {
  readonly acme: BaseAgent;
  readonly proxy: WebSocketProxyClientAgent;
  readonly told: Told[] = [];
  readonly running: Running;
  readonly recording: Recording;

  private constructor(running: Running, acme: BaseAgent, proxy: WebSocketProxyClientAgent, recording: Recording) {
    this.running = running;
    this.acme = acme;
    this.proxy = proxy;
    this.recording = recording;
    for (const name of [...sessionEvents, ...otherEvents]) {
      proxy.on(name, (data: unknown) => void this.told.push({ name, data }));
    }
  }

  /** Everything is ready; the proxy is not active yet. */
  static async ready(url: string, options: Partial<WebSocketProxyClientAgentOptions> = {}): Promise<ClientStage> {
    let agents: [BaseAgent, WebSocketProxyClientAgent] | undefined;
    const running = await Running.with(({ bus }) => {
      const acme = new BaseAgent("acme", { bus });
      const proxy = new WebSocketProxyClientAgent("proxy", {
        bus,
        url,
        localAgentName: "acme",
        remoteAgentName: "assistant",
        forwardMessages: [BusFrameMessage],
        ...options,
      });
      agents = [acme, proxy];
      return agents;
    });
    if (agents === undefined) throw new Error("The agents were not built.");
    return new ClientStage(running, ...agents, await Recording.of(running.runner.bus));
  }

  /** The proxy is active and dials. */
  static async active(url: string, options: Partial<WebSocketProxyClientAgentOptions> = {}): Promise<ClientStage> {
    const stage = await ClientStage.ready(url, options);
    await stage.activate();
    return stage;
  }

  activate(): Promise<void> {
    return this.acme.activateAgent("proxy");
  }

  deactivate(): Promise<void> {
    return this.acme.deactivateAgent("proxy");
  }

  /** Sends the assistant a frame. */
  async say(text: string): Promise<void> {
    const { bus } = this.running.runner;
    await bus.send(new BusFrameMessage({ source: "acme", frame: new TextFrame({ text }), direction: "downstream" }));
  }

  /** The texts the assistant has sent. */
  get heard(): string[] {
    return this.recording
      .all(BusDataMessage)
      .filter(({ source }) => source === "assistant")
      .flatMap((message) =>
        message instanceof BusFrameMessage && message.frame instanceof TextFrame ? [message.frame.text] : [],
      );
  }

  /** What it told about its session, in order. */
  get story(): string[] {
    return this.told.map(({ name }) => name).filter((name) => sessionEvents.some((it) => it === name));
  }

  all(name: string): unknown[] {
    return this.told.filter((it) => it.name === name).map(({ data }) => data);
  }

  async event(name: string, count = 1): Promise<unknown> {
    await until(() => this.all(name).length >= count, `${name} (told so far: ${this.story.join(", ")})`);
    return this.all(name)[count - 1];
  }

  async hears(count: number): Promise<string[]> {
    await until(() => this.heard.length >= count, `${count} texts (${this.heard.length} came)`);
    return this.heard;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.running[Symbol.asyncDispose]();
  }
}
