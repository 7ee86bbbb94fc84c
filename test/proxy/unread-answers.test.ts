import {
  AgentRunner,
  BaseAgent,
  BusFrameMessage,
  type BusMessage,
  JSONMessageSerializer,
  OutputImageRawFrame,
  TextFrame,
} from "trunkline";
import { WebSocketProxyServerAgent } from "trunkline/server";
import { socketPair } from "trunkline/testing";
import { expect, it } from "vitest";
import { turns, until } from "../support/settled.ts";

const serializer = new JSONMessageSerializer();
const text = "x".repeat(700_000);

const frames = {
  text: () => new TextFrame({ text }),
  bytes: () => new OutputImageRawFrame({ image: new TextEncoder().encode(text), size: [1, 1], format: "RGB" }),
};

/** Says each frame of `acme` again. */
class Echo extends BaseAgent {
  waits = true;
  echoed = 0;

  override async onBusMessage(message: BusMessage) {
    await super.onBusMessage(message);
    if (!(message instanceof BusFrameMessage) || message.source !== "acme") return;
    this.echoed += 1;
    const { frame, direction } = message;
    const sent = this.bus.send(new BusFrameMessage({ source: "echo", frame, direction }));
    if (this.waits) await sent;
  }
}

it.each([
  ["text", true],
  ["text", false],
  ["bytes", true],
] as const)(
  "who makes an agent answer and does not read is refused: what waits is bounded in bytes (%s, %s)",
  async (kind, waits) => {
    const { client, server: websocket } = socketPair();
    const runner = new AgentRunner({ handleSigint: false });
    const { bus } = runner;
    const proxy = new WebSocketProxyServerAgent("gateway", {
      bus,
      websocket,
      agentName: "echo",
      remoteAgentName: "acme",
      forwardMessages: [BusFrameMessage],
      maxWaitingBytes: 4_000_000,
      link: { highWaterBytes: 200_000 },
    });
    const echo = new Echo("echo", { bus });
    echo.waits = waits;
    const refused: string[] = [];
    proxy.on("rejected", ({ cause }) => refused.push(cause));
    await runner.addAgent(echo);
    await runner.addAgent(proxy);
    const run = runner.run();
    await using _end = {
      async [Symbol.asyncDispose]() {
        client.terminate();
        await runner.cancel();
        await run;
      },
    };
    await until(() => echo.ready && proxy.ready);
    const message = serializer.serialize(
      new BusFrameMessage({ source: "acme", frame: frames[kind](), direction: "downstream" }),
    );
    const ask = async (count: number) => {
      for (let n = 0; n < count; n++) {
        client.send(message);
        await turns();
      }
    };
    await ask(140);
    expect(refused.length + echo.echoed).toBe(140);
    expect(echo.echoed).toBeGreaterThan(90);
    expect(echo.echoed).toBeLessThan(125);
    expect(new Set(refused)).toEqual(new Set(["full"]));
    const before = echo.echoed;
    let answers = 0;
    client.on("message", (data: Uint8Array) => {
      if (data.byteLength > 700_000) answers += 1;
    });
    await until(() => answers === before, "what was said being read");
    await ask(5);
    await until(() => answers === before + 5, "being served again");
  },
);
