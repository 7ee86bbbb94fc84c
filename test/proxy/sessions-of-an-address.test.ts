import type { IncomingMessage } from "node:http";
import type { RefusedData } from "trunkline/server";
import { describe, expect, it } from "vitest";
import { HandSocket } from "../resume/hand-client.ts";
import { interrupt, Stage } from "../resume/server-stage.ts";

const addressOf = ({ headers }: IncomingMessage) => headers["x-real-ip"]?.toString();
const from = (address: string) => ({ "x-real-ip": address });

describe("sessions that wait for clients of one address", () => {
  it("are as many as its connections may be; the one that has waited longest makes room", async () => {
    await using stage = await Stage.open({ maxConnectionsPerAddress: 2, addressOf });
    const elsewhere = await stage.joined(from("2001:db8:0:2::1"));
    await interrupt(elsewhere);
    const [first, second] = [await stage.joined(from("2001:db8::1")), await stage.joined(from("2001:db8::2"))];
    await interrupt(first);
    await interrupt(second);
    const third = await stage.joined(from("2001:db8::3"));
    expect(first.staged.told("sessionLost")).toEqual([]);
    await interrupt(third);
    await first.staged.tells("clientDisconnected");
    expect(first.staged.told("sessionLost")).toMatchObject([{ reason: "pressure" }]);
    expect(stage.server.counters).toMatchObject({ suspended: 3, lost: { pressure: 1 } });
    expect(await first.client.comeBackTooLate()).toMatchObject({ lost: "pressure" });
    for (const { client } of [third, elsewhere]) await client.resume();
    expect([second, third, elsewhere].flatMap(({ staged }) => staged.told("sessionLost"))).toEqual([]);
  });

  it("count where their client was last", async () => {
    await using stage = await Stage.open({ maxConnectionsPerAddress: 1, addressOf });
    const mover = await stage.joined(from("192.0.2.1"));
    await interrupt(mover);
    await (await mover.client.connect({}, { headers: from("192.0.2.2") })).control("resumed");
    await interrupt(mover);
    const stayer = await stage.joined(from("192.0.2.1"));
    await interrupt(stayer);
    expect(mover.staged.told("sessionLost")).toEqual([]);
    const other = await stage.joined(from("192.0.2.2"));
    await interrupt(other);
    await mover.staged.tells("sessionLost");
    expect(stayer.staged.told("sessionLost")).toEqual([]);
  });

  it("keep nobody else out, however many a client begins and leaves", async () => {
    await using stage = await Stage.open({ maxSessions: 5, maxConnectionsPerAddress: 3, addressOf });
    for (let round = 0; round < 12; round++) await interrupt(await stage.joined(from("192.0.2.1")));
    expect(stage.server.counters.suspended).toBe(3);
    const { client } = await stage.joined(from("192.0.2.2"));
    expect(client.socket.ending).toBeUndefined();
  });
});

it("who is sent away after the handshake is told with the address that addressOf gives", async () => {
  await using stage = await Stage.open({ addressOf });
  const refused: RefusedData[] = [];
  stage.server.on("refused", (data) => void refused.push(data));
  await using client = await HandSocket.open(stage.url, { headers: from("192.0.2.7\u00ad") });
  client.say({ t: "ack", received: 0 });
  await client.ended();
  expect(refused).toEqual([{ status: undefined, cause: "hello", address: "192.0.2.7\\u{ad}" }]);
});
