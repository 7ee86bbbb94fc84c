import { BusTaskUpdateMessage } from "trunkline";
import { expect, it } from "vitest";
import { until } from "../support/settled.ts";
import { ourName, theirName } from "./pair.ts";
import { sharedScenarios } from "./scenarios.ts";

const count = 10_000;
const numbers = Array.from({ length: count }, (_, number) => number);

sharedScenarios("ten thousand messages", (pair) => {
  it("from them arrive here, all of them and in order", async () => {
    const { peer, recording } = pair();
    await peer.event("ready");
    const arrived = () => recording.all(BusTaskUpdateMessage).filter(({ source }) => source === theirName);
    await peer.do("flood", { count });
    await until(() => arrived().length >= count, "all messages", 30_000);
    expect(arrived().map(({ update }) => (update as { number: number }).number)).toEqual(numbers);
  });

  it("from us arrive there, all of them and in order", async () => {
    const { peer, agent } = pair();
    await peer.event("ready");
    await peer.do("countMessages", { task: "flood" });
    for (const number of numbers) {
      await agent.sendMessage(
        new BusTaskUpdateMessage({ source: ourName, target: theirName, taskId: "flood", update: { number } }),
      );
    }
    await peer.event("counted", (event) => event.count === count);
    expect(peer.count("outOfOrder")).toBe(0);
  });
});
