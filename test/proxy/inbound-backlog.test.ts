import {
  AgentRunner,
  BaseAgent,
  BusDataMessage,
  type BusMessage,
  BusTaskRequestMessage,
  JSONMessageSerializer,
} from "trunkline";
import { WebSocketProxyServerAgent } from "trunkline/server";
import { socketPair } from "trunkline/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { until } from "../support/settled.ts";

class Blob extends BusDataMessage {
  readonly data: string;
  constructor(init: { readonly source: string; readonly target?: string; readonly data: string }) {
    super(init);
    this.data = init.data;
  }
}

const serializer = new JSONMessageSerializer();
serializer.register(Blob, { type: "test.Blob", fields: z.object({ data: z.string() }) });

class Stuck extends BaseAgent {
  taken = 0;
  release = () => {};
  readonly released = new Promise<void>((resolve) => {
    this.release = resolve;
  });
  override async onBusMessage(message: BusMessage) {
    await super.onBusMessage(message);
    if (!(message instanceof Blob)) return;
    this.taken += 1;
    await this.released;
  }
}

async function session() {
  const { client, server: websocket } = socketPair();
  const runner = new AgentRunner({ handleSigint: false });
  const { bus } = runner;
  const names = { agentName: "stuck", remoteAgentName: "acme" };
  const proxy = new WebSocketProxyServerAgent("gateway", {
    bus,
    websocket,
    serializer,
    maxWaitingBytes: 1_000_000,
    ...names,
  });
  const stuck = new Stuck("stuck", { bus });
  const refused: string[] = [];
  proxy.on("rejected", ({ cause }) => refused.push(cause));
  await runner.addAgent(stuck);
  await runner.addAgent(proxy);
  const run = runner.run();
  await until(() => stuck.ready && proxy.ready);
  const blob = serializer.serialize(new Blob({ source: "acme", target: "stuck", data: "x".repeat(100_000) }));
  const payload = "x".repeat(200_000);
  const request = serializer.serialize(
    new BusTaskRequestMessage({ source: "acme", target: "stuck", taskId: "t", payload }),
  );
  const end = async () => {
    stuck.release();
    client.terminate();
    await runner.cancel();
    await run;
  };
  return { client, stuck, refused, blob, request, [Symbol.asyncDispose]: end };
}

describe("what comes in faster than it is handled", () => {
  it("is refused once too many bytes wait, told as such, and taken again when they are handled", async () => {
    await using s = await session();
    for (let n = 0; n < 30; n++) s.client.send(s.blob);
    await until(() => s.refused.length > 0 && s.stuck.taken === 1);
    await until(() => s.refused.length === 21);
    expect(new Set(s.refused)).toEqual(new Set(["full"]));
    const answers: string[] = [];
    s.client.on("message", (data: Uint8Array) => answers.push(new TextDecoder().decode(data)));
    s.client.send(s.request);
    await until(() => answers.some((answer) => answer.includes('"status":"failed"')));
    s.stuck.release();
    await until(() => s.stuck.taken === 9);
    s.client.send(s.blob);
    await until(() => s.stuck.taken === 10);
  });
});
