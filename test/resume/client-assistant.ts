import {
  BusAgentReadyMessage,
  BusAgentRegistryMessage,
  BusTaskRequestMessage,
  BusTaskResponseMessage,
} from "trunkline";
import { until } from "../support/settled.ts";
import { type ClientStage, read, wire } from "./client-stage.ts";
import type { HandServer } from "./hand-server.ts";
import { HandSession, type Terms } from "./hand-session.ts";

/** The tasks that the client has asked for. */
export const requestsIn = (session: HandSession): BusTaskRequestMessage[] =>
  read(session.taken).filter((message) => message instanceof BusTaskRequestMessage);

/** What the client has said of its agents. */
export const announcementsIn = (session: HandSession): BusAgentRegistryMessage[] =>
  read(session.taken).filter((message) => message instanceof BusAgentRegistryMessage);

/** The assistant becomes known to the client's side. */
export const ready = wire(
  new BusAgentReadyMessage({ source: "assistant", runner: "far", active: true, bridged: false, startedAt: undefined }),
);

/** The assistant answers a request. */
export const answer = ({ taskId }: BusTaskRequestMessage, response: unknown): Uint8Array =>
  wire(new BusTaskResponseMessage({ source: "assistant", target: "acme", taskId, status: "completed", response }));

/** Connected, and the assistant is known. */
export async function met(server: HandServer, client: ClientStage, terms?: Terms): Promise<HandSession> {
  const session = await HandSession.begin(await server.connection(1), terms);
  await client.event("connected");
  session.send(ready);
  await until(() => client.running.runner.registry.has("assistant"), "the assistant being known");
  return session;
}
