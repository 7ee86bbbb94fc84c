import { resumeProtocol } from "../../../../src/proxy/link/index.ts";
import { until } from "../../../support/settled.ts";
import { RawClient } from "../raw-client.ts";
import { text } from "../raw-frame.ts";
import type { Target } from "../target.ts";

export const violation = 4500;
export const wrongToken = 4501;
export const replaced = 4409;
const patienceMs = 10_000;

export interface Ticket {
  readonly sid: string;
  readonly token: string;
}

export const connected = ({ port }: Target): Promise<RawClient> => RawClient.upgraded(port, resumeProtocol);
export const newcomer = text('{"t":"hello","v":1,"sid":null,"received":0}');
export const returning = ({ sid, token }: Ticket, received: number | string = 0): Buffer =>
  text(`{"t":"hello","v":1,"sid":"${sid}","token":"${token}","received":${received}}`);

/** Waits for the server's word of this kind, or for the end. */
export async function answer(client: RawClient, kind: string): Promise<string | undefined> {
  const find = () => client.texts.find((said) => said.includes(`"t":"${kind}"`));
  await until(() => client.over || find() !== undefined, `an answer "${kind}"`, patienceMs);
  return find();
}

/** Begins a session as it should be. */
export async function greeted(client: RawClient): Promise<Ticket> {
  client.say(newcomer);
  const welcome = await answer(client, "welcome");
  if (welcome === undefined) throw new Error("The server did not welcome a newcomer.");
  client.say(text('{"t":"ack","received":0}'));
  return JSON.parse(welcome) as Ticket;
}
