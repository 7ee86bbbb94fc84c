import type { OpenAIProvider } from "@ai-sdk/openai";
import type { Client as SecondMcpClient } from "@modelcontextprotocol/client";
import type { Client as FirstMcpClient } from "@modelcontextprotocol/sdk/client/index.js";
import { toStandardJsonSchema } from "@valibot/to-json-schema";
import {
  AgentRunner,
  BusFrameMessage,
  type ConnectFailure,
  type DisconnectedData,
  LocalBus,
  type TaskRequest,
  type TrunklineError,
  WebSocketProxyClientAgent,
} from "trunkline";
import {
  createContextAggregators,
  type HeldFrame,
  type LanguageModel,
  LLMAgent,
  LLMContext,
  LLMContextAgent,
  LLMService,
  type McpClient,
  mcpTools,
  type SummarizeContext,
  summarizeWithModel,
  type Tool,
  tool,
} from "trunkline/llm";
import { type AgentServer, serveAgents, WebSocketProxyServerAgent } from "trunkline/server";
import * as v from "valibot";
import { expectTypeOf } from "vitest";
import { z } from "zod";

declare const openai: OpenAIProvider;

// A model of the AI SDK is a model here, without a cast.
expectTypeOf(openai.chat("gpt-4.1-mini")).toExtend<LanguageModel>();
expectTypeOf(openai.responses("gpt-4.1-mini")).toExtend<LanguageModel>();

// A client of the MCP SDK is one here, whichever version.
expectTypeOf<FirstMcpClient>().toExtend<McpClient>();
expectTypeOf<SecondMcpClient>().toExtend<McpClient>();
expectTypeOf(mcpTools).returns.resolves.toEqualTypeOf<Readonly<Record<string, Tool>>>();

// A tool's arguments have the type of its parameters, whichever library they are written in.
tool({
  description: "zod",
  parameters: z.object({ city: z.string(), days: z.number().default(1) }),
  execute: ({ city, days }, call) => {
    expectTypeOf(city).toEqualTypeOf<string>();
    expectTypeOf(days).toEqualTypeOf<number>();
    expectTypeOf(call.signal).toEqualTypeOf<AbortSignal>();
    expectTypeOf(call.toolCallId).toEqualTypeOf<string>();
    return { sunny: true };
  },
});
tool({
  description: "valibot",
  parameters: toStandardJsonSchema(v.object({ city: v.string() })),
  execute: ({ city }) => {
    expectTypeOf(city).toEqualTypeOf<string>();
  },
});
tool({
  description: "wrong",
  parameters: z.object({ city: z.string() }),
  // @ts-expect-error there is no such parameter
  execute: ({ town }) => town,
});

class Assistant extends LLMAgent {
  override buildLLM() {
    return new LLMService({ model: openai.chat("x"), systemInstruction: "You are helpful." });
  }

  override tools = {
    endConversation: tool({
      description: "End the conversation.",
      parameters: z.object({ reason: z.string() }),
      execute: async ({ reason }) => {
        await this.end({ reason, messages: [{ role: "developer", content: reason }] });
      },
    }),
    transfer: tool({
      description: "Hand over.",
      parameters: z.object({}),
      execute: () => this.handoffTo("support", { activationArgs: { runLlm: true }, messages: [] }),
    }),
  };
}

// An LLM agent needs a model.
// @ts-expect-error abstract
new LLMAgent("x", { bus: new LocalBus() });

const runner = new AgentRunner({ name: "r", handleSigint: false, handleSigterm: true });
runner.on("ready", () => {});
runner.on("error", (error) => expectTypeOf(error).toEqualTypeOf<TrunklineError>());
// @ts-expect-error no such event
runner.on("gone", () => {});
expectTypeOf(runner.addAgent(new Assistant("assistant", { bus: runner.bus }))).toEqualTypeOf<Promise<void>>();

const proxy = new WebSocketProxyClientAgent("proxy", {
  bus: runner.bus,
  url: async () => "ws://localhost/ws",
  localAgentName: "acme",
  remoteAgentName: "assistant",
  forwardMessages: [BusFrameMessage],
  headers: () => ({ authorization: "Bearer x" }),
});
proxy.on("disconnected", (data) => expectTypeOf(data).toEqualTypeOf<DisconnectedData>());
proxy.on("connectFailed", (data) => expectTypeOf(data).toEqualTypeOf<ConnectFailure>());
proxy.on("activated", () => {});
// @ts-expect-error an event of the other side
proxy.on("clientDisconnected", () => {});
void runner.addAgent(proxy);

// @ts-expect-error without the name of the remote agent there is nothing to filter by
new WebSocketProxyClientAgent("proxy", { bus: runner.bus, url: "ws://localhost/ws", localAgentName: "acme" });

const gateway = new WebSocketProxyServerAgent("gateway", {
  bus: runner.bus,
  websocket: {},
  agentName: "assistant",
  remoteAgentName: "acme",
});
gateway.on("clientDisconnected", ({ code, unacknowledged }) => {
  expectTypeOf(code).toEqualTypeOf<number>();
  expectTypeOf(unacknowledged).toEqualTypeOf<number>();
});

const server = serveAgents({ port: 0, authenticate: () => ({ user: "u" }), maxSessions: 10 }, async (session) => {
  expectTypeOf(session.principal).toEqualTypeOf<unknown>();
  expectTypeOf(session.signal).toEqualTypeOf<AbortSignal>();
  await session.runner.addAgent(session.proxy({ agentName: "assistant", remoteAgentName: "acme" }));
});
expectTypeOf(server).toEqualTypeOf<Promise<AgentServer>>();

// What the aggregators tell is typed, and a limit needs somebody who summarizes.
const aggregators = createContextAggregators(new LLMContext(), { limit: { maxMessages: 40, summarize: () => [] } });
aggregators.assistant.on("turnStopped", (turn) =>
  expectTypeOf(turn).toEqualTypeOf<{ readonly content: string; readonly interrupted: boolean }>(),
);
aggregators.user.on("turnStopped", ({ userId }) => expectTypeOf(userId).toEqualTypeOf<string | undefined>());
// @ts-expect-error no such event
aggregators.user.on("turnStarted", () => {});
// @ts-expect-error nobody summarizes
createContextAggregators(new LLMContext(), { limit: { maxMessages: 40 } });
summarizeWithModel({ model: openai.chat("x") }) satisfies SummarizeContext;

class Worker extends LLMContextAgent {
  override buildLLM() {
    return new LLMService({ model: openai.chat("x") });
  }

  protected override releaseHeldFrames(held: readonly HeldFrame[]) {
    return held.toReversed();
  }

  override tasks = {
    debate: (task: TaskRequest<{ question: string }>) =>
      this.answer(task.payload.question, { signal: task.signal, onText: (text) => void task.stream({ text }) }),
  };
}
const worker = new Worker("worker", { bus: runner.bus, contextLimit: { maxTokens: 8_000, summarize: async () => "" } });
expectTypeOf(worker.answer([{ role: "user", content: "?" }])).toEqualTypeOf<Promise<string>>();
// @ts-expect-error a message has a role
void worker.answer([{ content: "?" }]);
