import {
  BusFrameMessage,
  InterruptionFrame,
  TranscriptionFrame,
  UserStartedSpeakingFrame,
  UserStoppedSpeakingFrame,
  WebSocketProxyClientAgent,
} from "trunkline";
import { WebSocketProxyServerAgent } from "trunkline/server";
import { harness, joinedHarness } from "trunkline/testing";
import { turns, until } from "../support/settled.ts";
import { developer } from "./conversation.ts";
import { FlowMember, Host, Member } from "./interleaving-cast.ts";
import { checkConversation } from "./interleaving-check.ts";
import { Script } from "./interleaving-script.ts";
import type { Happening, Play } from "./interleavings.ts";

interface Cast {
  readonly host: Host;
  readonly members: readonly (Member | FlowMember)[];
  readonly script: Script;
}

export async function localStage(play: Play): Promise<void> {
  const script = new Script(play);
  await using stage = await harness({
    agents: (bus) => [
      new Host("host", { bus }),
      new Member("x", script, { bus, other: "y", active: true }),
      new Member("y", script, { bus, other: "x", active: false }),
    ],
  });
  const [host, ...members] = stage.agents;
  await perform(play, { host, members, script });
  await stage.end();
}

/** One of them follows a plan. */
export async function flowStage(play: Play): Promise<void> {
  const script = new Script(play);
  await using stage = await harness({
    agents: (bus) => [
      new Host("host", { bus }),
      new Member("x", script, { bus, other: "y", active: false }),
      new FlowMember("y", script, { bus, other: "x", active: true }),
    ],
  });
  const [host, ...members] = stage.agents;
  await perform(play, { host, members, script });
  await stage.end();
}

/** One of them is far away; it is activated anew where two would hand over. */
export async function joinedStage(play: Play): Promise<void> {
  const script = new Script(play);
  const forwardMessages = [BusFrameMessage];
  const names = { localAgentName: "host", remoteAgentName: "x" };
  await using stage = await joinedHarness({
    client: (bus, dial) => [
      new Host("host", { bus }),
      new WebSocketProxyClientAgent("proxy", { bus, url: "ws://in.memory/ws", dial, ...names, forwardMessages }),
    ],
    server: (bus, websocket) => [
      new Member("x", script, { bus, active: true }),
      new WebSocketProxyServerAgent("gateway", {
        bus,
        websocket,
        agentName: "x",
        remoteAgentName: "host",
        forwardMessages,
      }),
    ],
  });
  const [host, proxy] = stage.client.agents;
  const [member] = stage.server.agents;
  const connected = new Promise<void>((resolve) => host.once("agentReady", () => resolve()));
  await host.watchAgent("x");
  await host.activateAgent(proxy.name);
  await connected;
  await perform(play, { host, members: [member], script });
  await stage.end();
}

async function perform(play: Play, cast: Cast): Promise<void> {
  const { host, members, script } = cast;
  const leaving: Promise<void>[] = [];
  let speaks = false;
  // An interruption drops what has not come to the conversation yet, unless the frame says otherwise.
  const transcribe = () =>
    host.queueFrame(
      new TranscriptionFrame({ text: script.userWord(), userId: "u", timestamp: "", interruptible: false }),
    );
  const happen = async (happening: Happening) => {
    switch (happening.kind) {
      case "say":
      case "hear":
        return transcribe();
      case "startSpeaking":
      case "bargeIn":
        speaks = true;
        await host.queueFrame(new UserStartedSpeakingFrame());
        if (happening.kind === "bargeIn") await host.queueFrame(new InterruptionFrame());
        return;
      case "stopSpeaking":
        speaks = false;
        return host.queueFrame(new UserStoppedSpeakingFrame());
      case "interrupt":
        return host.queueFrame(new InterruptionFrame());
      case "letGo":
        return script.letGo(happening.which);
      case "handOff": {
        if (members.length === 1) {
          script.unowed += 1;
          await host.deactivateAgent("x");
          return host.activateAgent("x", { args: { messages: [developer("Go on.")] } });
        }
        const active = members.filter((member) => member.active);
        if (active.length === 1 && active[0] !== undefined) leaving.push(active[0].part.leave(happening.lastWords));
        return;
      }
      case "pass":
        await turns(happening.turns);
    }
  };
  for (const happening of play.happenings) await happen(happening);
  if (speaks) await happen({ kind: "stopSpeaking" });
  script.letAllGo();
  await Promise.all(leaving);
  await quiet(cast);
  const one = members.filter(({ active }) => active);
  if (one.length !== 1) throw new Error(`${one.length} agents are active`);
  checkConversation(cast);
  const before = script.requests.length;
  await transcribe();
  await quiet(cast);
  const asked = script.requests.slice(before);
  if (asked.length === 0) throw new Error("the conversation does not go on");
  checkConversation(cast);
}

/** Nothing moves any more. */
async function quiet({ host, members, script }: Cast): Promise<void> {
  let still = 0;
  let last = "";
  await until(() => {
    const now = JSON.stringify([host.context.messages, script.requests.length, members.map(({ active }) => active)]);
    still = now === last && members.every(({ toolCallActive }) => !toolCallActive) ? still + 1 : 0;
    last = now;
    return still > 6;
  }, "quiet");
}
