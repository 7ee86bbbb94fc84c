import { describe, expect, it } from "vitest";
import {
  BusAddAgentMessage,
  BusAgentGoneMessage,
  BusAgentLocalErrorMessage,
  BusAgentReadyMessage,
  BusAgentRegistryMessage,
  BusCancelAgentMessage,
  BusCancelMessage,
  BusDataMessage,
  BusEndAgentMessage,
  BusEndMessage,
  BusFrameMessage,
  type BusMessage,
  BusRunnerHeartbeatMessage,
  BusTaskCancelMessage,
  BusTaskRequestMessage,
  BusTaskResponseMessage,
  BusTaskResponseUrgentMessage,
  BusTaskStreamEndMessage,
  BusTaskUpdateMessage,
} from "../../src/bus/index.ts";
import { TextFrame } from "../../src/frames/index.ts";
import { Gate, type GatePolicy } from "../../src/proxy/gate.ts";

const livesWithClient = new Set(["acme", "bob", "proxy"]);
const livesWithServer = new Set(["assistant", "carol", "gateway"]);

function clientGate(policy: Partial<GatePolicy> = {}): Gate {
  return new Gate({
    side: "client",
    localAgentName: "acme",
    remoteAgentName: "assistant",
    forwardMessages: [BusFrameMessage],
    isLocalName: (name) => livesWithClient.has(name),
    ...policy,
  });
}

function serverGate(policy: Partial<GatePolicy> = {}): Gate {
  return new Gate({
    side: "server",
    localAgentName: "assistant",
    remoteAgentName: "acme",
    forwardMessages: [BusFrameMessage],
    isLocalName: (name) => livesWithServer.has(name),
    ...policy,
  });
}

function frame(source: string, target?: string): BusFrameMessage {
  return new BusFrameMessage({ source, target, frame: new TextFrame({ text: "hi" }), direction: "downstream" });
}

const request = (source: string, target: string, taskId = "t-1") =>
  new BusTaskRequestMessage({ source, target, taskId });
const response = (source: string, target: string, taskId = "t-1") =>
  new BusTaskResponseMessage({ source, target, taskId, status: "completed" });
const passes = (message: BusMessage) => ({ pass: true, message });
const refused = (cause: string) => ({ pass: false, cause });

describe("what never crosses", () => {
  class Tick extends BusDataMessage {}

  it("K3: session control crosses in no direction, whoever it is aimed at and whatever is forwarded", () => {
    const there = { source: "acme", target: "assistant", reason: "stop" };
    const back = { source: "assistant", target: "acme", reason: "stop" };
    for (const type of [BusEndMessage, BusCancelMessage, BusEndAgentMessage, BusCancelAgentMessage]) {
      const client = clientGate({ forwardMessages: [type] });
      const server = serverGate({ forwardMessages: [type] });
      expect(client.outbound(new type(there))).toEqual(refused("sessionControl"));
      expect(server.inbound(new type(there))).toEqual(refused("sessionControl"));
      expect(server.outbound(new type(back))).toEqual(refused("sessionControl"));
      expect(client.inbound(new type(back))).toEqual(refused("sessionControl"));
    }
  });

  it("heartbeats of runners cross in no direction, whoever they are aimed at and whatever is forwarded", () => {
    const forwardMessages = [BusRunnerHeartbeatMessage];
    for (const [here, there, gate] of [
      ["acme", "assistant", clientGate({ forwardMessages })],
      ["assistant", "acme", serverGate({ forwardMessages })],
    ] as const) {
      for (const targeted of [true, false]) {
        const beat = (source: string, target: string) =>
          new BusRunnerHeartbeatMessage({
            source,
            target: targeted ? target : undefined,
            runner: "r",
            intervalMs: 5_000,
          });
        expect(gate.outbound(beat(here, there))).toEqual(refused("discovery"));
        expect(gate.inbound(beat(there, here))).toEqual(refused("discovery"));
      }
    }
  });

  it("K7: local messages are neither sent nor accepted", () => {
    const add = new BusAddAgentMessage({ source: "acme", target: "assistant", agent: { name: "x" } });
    const error = new BusAgentLocalErrorMessage({ source: "assistant", target: "acme", error: "x" });
    expect(clientGate().outbound(add)).toEqual(refused("local"));
    expect(serverGate().inbound(add)).toEqual(refused("local"));
    expect(serverGate().outbound(error)).toEqual(refused("local"));
    expect(clientGate().inbound(error)).toEqual(refused("local"));
  });

  it("broadcasts of types that are not forwarded stay on their bus", () => {
    expect(clientGate().outbound(new Tick({ source: "acme" }))).toEqual(refused("broadcast"));
    expect(serverGate().inbound(new Tick({ source: "acme" }))).toEqual(refused("broadcast"));
  });

  it("K20: equal names on both sides are refused when the gate is built", () => {
    expect(() => clientGate({ remoteAgentName: "acme" })).toThrowError(
      expect.objectContaining({ code: "TL_INVALID_OPTION" }),
    );
    expect(() => clientGate({ remoteAgentName: "" })).toThrowError(/remoteAgentName/);
  });
});

describe("sources and targets", () => {
  it("K4: a local name is never accepted from outside, not even the agent's own", () => {
    for (const source of ["acme", "bob", "proxy"]) {
      expect(clientGate().inbound(frame(source, "acme"))).toEqual(refused("source"));
      expect(clientGate().inbound(request(source, "acme"))).toEqual(refused("source"));
    }
    // Also when the caller's directory does not list it yet.
    expect(clientGate({ isLocalName: () => false }).inbound(frame("acme", "acme"))).toEqual(refused("source"));
  });

  it("K5: a forwarded type is checked like any other, in both directions", () => {
    const client = clientGate();
    expect(client.outbound(frame("bob"))).toEqual(refused("source"));
    expect(client.outbound(frame("bob", "carol"))).toEqual(refused("target"));
    expect(client.inbound(frame("stranger"))).toEqual(refused("source"));
    expect(client.inbound(frame("assistant", "bob"))).toEqual(refused("target"));
    const server = serverGate();
    expect(server.outbound(frame("carol", "acme"))).toEqual(refused("source"));
    expect(server.inbound(frame("acme", "carol"))).toEqual(refused("target"));
  });

  it("lets frames of the two agents cross, targeted or not", () => {
    for (const message of [frame("acme"), frame("acme", "assistant")]) {
      expect(clientGate().outbound(message)).toEqual(passes(message));
      expect(serverGate().inbound(message)).toEqual(passes(message));
    }
  });

  it("takes a subclass of a forwarded type for that type", () => {
    class Marked extends BusFrameMessage {}
    const message = new Marked({ source: "acme", frame: new TextFrame({ text: "hi" }), direction: "upstream" });
    expect(clientGate().outbound(message)).toEqual(passes(message));
  });

  it("refuses names that are empty or too long to be kept", () => {
    expect(clientGate().inbound(frame("x".repeat(257), "acme"))).toEqual(refused("name"));
    expect(clientGate().inbound(request("", "acme"))).toEqual(refused("name"));
    expect(serverGate().inbound(request("bob", "assistant", "t".repeat(257)))).toEqual(refused("name"));
  });
});

describe("answers", () => {
  it("K15: several local agents ask the remote one, and each gets its own answers", () => {
    const client = clientGate();
    const server = serverGate();
    for (const requester of ["acme", "bob", "proxy"]) {
      const asked = request(requester, "assistant", `t-${requester}`);
      expect(client.outbound(asked)).toEqual(passes(asked));
      expect(server.inbound(asked)).toEqual(passes(asked));
      const update = new BusTaskUpdateMessage({ source: "assistant", target: requester, taskId: `t-${requester}` });
      const answer = response("assistant", requester, `t-${requester}`);
      for (const message of [update, answer]) {
        expect(server.outbound(message)).toEqual(passes(message));
        expect(client.inbound(message)).toEqual(passes(message));
      }
    }
    expect(client.openRequests).toEqual({ outbound: [], inbound: [] });
    expect(server.openRequests).toEqual({ outbound: [], inbound: [] });
  });

  it("takes an answer only from the agent that was asked, for the one that asked, once", () => {
    const client = clientGate();
    client.outbound(request("bob", "assistant"));
    expect(client.inbound(response("stranger", "bob"))).toEqual(refused("target"));
    expect(client.inbound(response("assistant", "proxy"))).toEqual(refused("target"));
    expect(client.inbound(response("assistant", "bob", "t-2"))).toEqual(refused("target"));
    const answer = response("assistant", "bob");
    expect(client.inbound(answer)).toEqual(passes(answer));
    expect(client.inbound(answer)).toEqual(refused("target"));
  });

  it.each([
    ["a response", new BusTaskResponseMessage({ source: "assistant", target: "bob", taskId: "t-1", status: "error" })],
    [
      "an urgent response",
      new BusTaskResponseUrgentMessage({ source: "assistant", target: "bob", taskId: "t-1", status: "error" }),
    ],
    ["the end of a stream", new BusTaskStreamEndMessage({ source: "assistant", target: "bob", taskId: "t-1" })],
  ])("forgets a request with %s", (_what, last) => {
    const server = serverGate();
    server.inbound(request("bob", "assistant"));
    expect(server.openRequests.inbound).toEqual([{ taskId: "t-1", requester: "bob", asked: "assistant" }]);
    expect(server.outbound(last)).toEqual(passes(last));
    expect(server.openRequests.inbound).toEqual([]);
    expect(server.outbound(last)).toEqual(refused("target"));
  });

  it("lets the late answer to a cancelled request through, which no longer counts as open", () => {
    const client = clientGate();
    client.outbound(request("bob", "assistant"));
    const cancel = new BusTaskCancelMessage({ source: "bob", target: "assistant", taskId: "t-1" });
    expect(client.outbound(cancel)).toEqual(passes(cancel));
    expect(client.openRequests.outbound).toEqual([]);
    const answer = response("assistant", "bob");
    expect(client.inbound(answer)).toEqual(passes(answer));
    expect(client.inbound(answer)).toEqual(refused("target"));
  });

  it("refuses the request that would be one too many, and takes one again after an answer", () => {
    const client = clientGate({ maxOpenRequests: 2 });
    client.outbound(request("bob", "assistant", "t-1"));
    client.outbound(request("bob", "assistant", "t-2"));
    expect(client.outbound(request("bob", "assistant", "t-3"))).toEqual(refused("openRequests"));
    client.inbound(response("assistant", "bob", "t-1"));
    const next = request("bob", "assistant", "t-3");
    expect(client.outbound(next)).toEqual(passes(next));
  });

  it("bounds what a peer can make it remember", () => {
    const server = serverGate();
    for (let i = 0; i < 16_384; i++) expect(server.inbound(request("bob", "assistant", `t-${i}`)).pass).toBe(true);
    expect(server.inbound(request("bob", "assistant", "one more"))).toEqual(refused("openRequests"));
    const first = new BusTaskCancelMessage({ source: "bob", target: "assistant", taskId: "t-0" });
    server.inbound(first);
    for (let i = 1; i <= 1_024; i++) {
      server.inbound(new BusTaskCancelMessage({ source: "bob", target: "assistant", taskId: `t-${i}` }));
    }
    expect(server.outbound(response("assistant", "bob", "t-1")).pass).toBe(true);
    expect(server.outbound(response("assistant", "bob", "t-0"))).toEqual(refused("target"));
  });

  it("forgets a request that passed and could not be sent, and all of them with the link", () => {
    const client = clientGate();
    const unsent = request("bob", "assistant");
    client.outbound(unsent);
    client.withdraw(unsent);
    expect(client.inbound(response("assistant", "bob"))).toEqual(refused("target"));
    client.outbound(request("bob", "assistant", "t-2"));
    client.forgetRequests();
    expect(client.inbound(response("assistant", "bob", "t-2"))).toEqual(refused("target"));
  });

  it("is not confused by names and ids that run into each other", () => {
    const client = clientGate();
    client.outbound(request("bob", "assistant", "1t"));
    expect(client.inbound(response("assistant", "bob1", "t"))).toEqual(refused("target"));
    expect(client.inbound(response("assistant1", "bob", "t"))).toEqual(refused("target"));
  });
});

describe("discovery", () => {
  const entry = (name: string) => ({ name, active: true, bridged: false });

  it("K6: a registry message is cut down to the one agent the link stands for", () => {
    const agents = [entry("bob"), entry("assistant"), ...Array.from({ length: 1_000 }, (_, i) => entry(`agent-${i}`))];
    const message = new BusAgentRegistryMessage({ source: "there", target: "acme", runner: "there", agents });
    expect(clientGate().inbound(message)).toEqual({
      pass: true,
      message: new BusAgentRegistryMessage({
        source: "there",
        target: "acme",
        runner: "there",
        agents: [entry("assistant")],
      }),
    });
    const others = new BusAgentRegistryMessage({ source: "there", runner: "there", agents: [entry("bob")] });
    expect(clientGate().inbound(others)).toEqual(refused("discovery"));
  });

  it("K6: nobody but the agent itself becomes ready or goes", () => {
    const gone = (...agents: string[]) => new BusAgentGoneMessage({ source: "there", runner: "there", agents });
    const ready = (source: string) =>
      new BusAgentReadyMessage({ source, target: "acme", runner: "there", active: true, bridged: false });
    expect(clientGate().inbound(ready("helper"))).toEqual(refused("discovery"));
    expect(clientGate().inbound(ready("bob"))).toEqual(refused("source"));
    expect(clientGate().inbound(gone("bob"))).toEqual(refused("discovery"));
    expect(clientGate().inbound(gone("assistant", "bob"))).toEqual(refused("discovery"));
    expect(clientGate().inbound(gone("assistant"))).toEqual(passes(gone("assistant")));
    expect(clientGate().inbound(ready("assistant"))).toEqual(passes(ready("assistant")));
  });

  it("K16: each side may announce its own agent to the other, and no other", () => {
    const ready = (source: string, target: string | undefined) =>
      new BusAgentReadyMessage({ source, target, runner: "r", active: true, bridged: false });
    expect(clientGate().outbound(ready("acme", "assistant"))).toEqual(passes(ready("acme", "assistant")));
    expect(serverGate().outbound(ready("assistant", "acme"))).toEqual(passes(ready("assistant", "acme")));
    expect(clientGate().outbound(ready("bob", "assistant"))).toEqual(refused("discovery"));
    expect(clientGate().outbound(ready("acme", undefined))).toEqual(refused("broadcast"));
  });
});

it("counts what passed and what did not, by direction and cause", () => {
  const gate = clientGate();
  gate.outbound(frame("acme"));
  gate.outbound(frame("bob"));
  gate.inbound(frame("bob", "acme"));
  gate.inbound(frame("assistant", "bob"));
  const { outbound, inbound } = gate.counters;
  expect(outbound).toMatchObject({ passed: 1, rejected: { source: 1, target: 0 } });
  expect(inbound).toMatchObject({ passed: 0, rejected: { source: 1, target: 1 } });
});
