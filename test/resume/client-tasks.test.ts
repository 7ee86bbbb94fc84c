import { BusFrameMessage, BusTaskCancelMessage, BusTaskRequestMessage, type TextFrame } from "trunkline";
import { expect, it } from "vitest";
import { until } from "../support/settled.ts";
import { answer, met, ready, requestsIn } from "./client-assistant.ts";
import { promptly } from "./client-link.ts";
import { ClientStage, read, textsIn } from "./client-stage.ts";
import { HandServer } from "./hand-server.ts";
import { HandSession } from "./hand-session.ts";

it.for([
  ["arrived", 0],
  ["was lost on the way", 1],
] as const)("a task in flight survives a resume: its request %s", async ([, lost]) => {
  await using server = await HandServer.listen();
  await using client = await ClientStage.active(server.url, { link: promptly });
  const session = await met(server, client);
  const task = client.acme.task("assistant", { name: "double", payload: { n: 4 } });
  await until(() => requestsIn(session).length === 1, "the request");
  session.connection.cut();
  await session.resume(await server.connection(2), session.taken.length - lost);
  await until(() => requestsIn(session).length === 1, "the request, once");
  const [request] = requestsIn(session) as [BusTaskRequestMessage];
  session.send(answer(request, { doubled: 8 }));
  expect(await task).toEqual({ doubled: 8 });
  expect(requestsIn(session)).toHaveLength(1);
});

it("a task that is asked for while interrupted is answered after the resume", async () => {
  await using server = await HandServer.listen();
  await using client = await ClientStage.active(server.url, { link: promptly });
  const session = await met(server, client);
  session.connection.cut();
  await client.event("interrupted");
  const task = client.acme.task("assistant", { name: "double", payload: { n: 5 } });
  await session.resume(await server.connection(2));
  await until(() => requestsIn(session).length === 1, "the request");
  session.send(answer(requestsIn(session)[0] as BusTaskRequestMessage, { doubled: 10 }));
  expect(await task).toEqual({ doubled: 10 });
});

const losses: Readonly<Record<string, (server: HandServer, session: HandSession, client: ClientStage) => unknown>> = {
  unknown: async (server, { connection }) => {
    connection.cut();
    await HandSession.begin(await server.connection(2), { lost: "unknown" });
  },
  refused: (_server, { connection }) => connection.close(4503),
  violation: (_server, { connection }) => connection.say({ t: "nonsense" }),
  expired: (server, { connection }) => {
    server.refuses = 503;
    connection.cut();
  },
  overflow: async (server, { connection }, client) => {
    server.refuses = 503;
    connection.cut();
    await client.event("interrupted");
    for (let n = 0; n < 20; n++) await client.say(`${n}`);
  },
};

it.for(Object.keys(losses))(
  "tasks in flight fail with the reason link lost, and the agent is gone: %s",
  async (how) => {
    await using server = await HandServer.listen();
    await using client = await ClientStage.active(server.url, { link: { ...promptly, maxQueuedFrames: 10 } });
    const session = await met(server, client, { windowMs: how === "expired" ? 100 : 60_000 });
    const { registry } = client.running.runner;
    const gone: unknown[] = [];
    registry.on("agentGone", (data) => void gone.push(data));
    const outcome = client.acme.task("assistant", { name: "double", payload: { n: 4 } }).then(
      () => undefined,
      (error: unknown) => error,
    );
    await until(() => requestsIn(session).length === 1, "the request");
    await losses[how]?.(server, session, client);
    expect(await client.event("sessionLost")).toMatchObject({ reason: how });
    expect(await outcome).toMatchObject({ code: "TL_TASK_FAILED", status: "failed", reason: "link lost" });
    expect(gone).toMatchObject([{ agentName: "assistant", reason: "link lost" }]);
  },
);

it("after sessionLost tasks work again in the new session, and while interrupted nothing is gone", async () => {
  await using server = await HandServer.listen();
  await using client = await ClientStage.active(server.url, { link: promptly });
  const session = await met(server, client);
  const { registry } = client.running.runner;
  session.connection.cut();
  await client.event("interrupted");
  expect(registry.has("assistant")).toBe(true);
  const next = await HandSession.begin(await server.connection(2), { lost: "unknown" });
  await client.event("connected", 2);
  next.send(ready);
  await until(() => registry.has("assistant"), "the assistant being known again");
  const task = client.acme.task("assistant", { name: "double", payload: { n: 6 } });
  await until(() => requestsIn(next).length === 1, "the request in the new session");
  next.send(answer(requestsIn(next)[0] as BusTaskRequestMessage, { doubled: 12 }));
  expect(await task).toEqual({ doubled: 12 });
});

it("trap 11: a cancel does not overtake in a replay", async () => {
  await using server = await HandServer.listen();
  await using client = await ClientStage.active(server.url, { link: promptly });
  const session = await met(server, client);
  await client.say("one");
  const task = client.acme.task("assistant", { name: "double", payload: { n: 4 } });
  await until(() => requestsIn(session).length === 1, "the request");
  await client.say("two");
  await until(() => textsIn(session.taken).length === 2, "both frames");
  const before = session.taken.length;
  session.connection.cut();
  await client.event("interrupted");
  await client.say("three");
  await client.running.runner.bus.idle();
  task.cancel("never mind");
  await client.running.runner.bus.idle();
  await client.say("four");
  await client.running.runner.bus.idle();
  await session.resume(await server.connection(2), before - 3);
  await until(() => textsIn(session.taken).length === 4, "every frame");
  const kinds = read(session.taken).flatMap((message) => {
    if (message instanceof BusFrameMessage) return [(message.frame as TextFrame).text];
    if (message instanceof BusTaskRequestMessage) return ["request"];
    return message instanceof BusTaskCancelMessage ? ["cancel"] : [];
  });
  expect(kinds).toEqual(["one", "request", "two", "three", "cancel", "four"]);
});
