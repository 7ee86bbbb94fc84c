import { type AgentGoneData, BaseAgent, BusFrameMessage, TaskError, type TaskRequest } from "trunkline";
import { type AgentSession, serveAgents } from "trunkline/server";
import { expect, it } from "vitest";
import { until } from "../support/settled.ts";
import { RemoteClient } from "./remote-client.ts";

class Asker extends BaseAgent {
  readonly gone: AgentGoneData[] = [];
  readonly failures: unknown[] = [];

  override async onAgentGone(data: AgentGoneData): Promise<void> {
    await super.onAgentGone(data);
    this.gone.push(data);
  }

  async ask(): Promise<void> {
    await this.watchAgent("acme");
    await this.task("acme", { name: "wait" }).then(undefined, (error: unknown) => this.failures.push(error));
  }
}

it.for([
  ["cut", "link lost"],
  ["left", "link closed"],
] as const)("a session hears that its client's agent is gone before it is cancelled: %s", async ([how, reason]) => {
  let asker: Asker | undefined;
  await using server = await serveAgents({ port: 0, link: { windowMs: 0 } }, async (session: AgentSession) => {
    const { runner } = session;
    await runner.addAgent(
      session.proxy({ agentName: "assistant", remoteAgentName: "acme", forwardMessages: [BusFrameMessage] }),
    );
    asker = new Asker("assistant", { bus: runner.bus });
    await runner.addAgent(asker);
  });
  await using client = await RemoteClient.connected(server.url);
  const waiting: TaskRequest[] = [];
  client.acme.on("taskRequest", (task) => {
    waiting.push(task);
  });
  client.acme.tasks = { wait: () => new Promise<never>(() => {}) };
  void asker?.ask();
  await until(() => waiting.length > 0, "the request");
  if (how === "cut") client.cut();
  else await client.leave();
  await until(() => server.sessionCount === 0, "the end of the session");
  expect(asker?.failures).toEqual([expect.any(TaskError)]);
  expect(asker?.failures[0]).toMatchObject({ status: "failed", reason });
  expect(asker?.gone).toMatchObject([{ agentName: "acme", reason }]);
});
