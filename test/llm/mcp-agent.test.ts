import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { ToolListChangedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { FunctionCallResultFrame, InterruptionFrame, LLMSetToolsFrame, Pipeline, TranscriptionFrame } from "trunkline";
import {
  createContextAggregators,
  type LanguageModel,
  LLMAgent,
  type LLMAgentOptions,
  LLMContext,
  LLMService,
  mcpTools,
  tool,
} from "trunkline/llm";
import { FrameCollector, harness, ScriptedModel } from "trunkline/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { Running } from "../support/running.ts";
import { until } from "../support/settled.ts";
import { Host } from "./conversation.ts";
import { shop } from "./mcp-shop.ts";

type ClerkOptions = LLMAgentOptions & { readonly model: LanguageModel; readonly server: McpServer };

/** Connects when its pipeline is built, and closes what it opened however it ends. */
class Clerk extends LLMAgent {
  readonly context = new LLMContext();
  readonly output = new FrameCollector();
  readonly #client = new Client({ name: "clerk", version: "1.0.0" });
  readonly #server: McpServer;
  readonly #llm: LLMService;

  constructor(name: string, { model, server, ...options }: ClerkOptions) {
    super(name, { ...options, active: true, bridged: false });
    this.#server = server;
    this.#llm = new LLMService({ model });
  }

  override tools = {
    greet: tool({ description: "Greets.", parameters: z.object({}), execute: () => "Hello!" }),
  };

  override buildLLM() {
    return this.#llm;
  }

  override async buildPipeline() {
    const [ours, theirs] = InMemoryTransport.createLinkedPair();
    await Promise.all([this.#server.connect(theirs), this.#client.connect(ours)]);
    this.#client.setNotificationHandler(ToolListChangedNotificationSchema, () => this.#refresh());
    this.tools = { ...(await mcpTools(this.#client)), ...this.tools };
    const { user, assistant } = createContextAggregators(this.context);
    return new Pipeline([user, this.createLLM(), this.output, assistant]);
  }

  async #refresh() {
    const tools = { ...(await mcpTools(this.#client)), greet: this.tools.greet };
    this.tools = tools;
    this.#llm.replaceTools(tools);
    const schemas = Object.entries(tools).map(([name, { description, parameters }]) => ({
      name,
      description,
      parameters,
    }));
    await this.queueFrame(new LLMSetToolsFrame({ tools: schemas }));
  }

  override async onCleanup() {
    await super.onCleanup();
    await this.#client.close();
  }

  say(text: string) {
    return this.queueFrame(new TranscriptionFrame({ text, userId: "kim", timestamp: "" }));
  }
}

async function clerk(model: ScriptedModel) {
  const { server, ...rest } = shop();
  const closed = new Promise<void>((resolve) => {
    server.server.onclose = resolve;
  });
  const h = await harness({ agents: (bus) => [new Clerk("clerk", { bus, model, server })] });
  return { h, agent: h.agents[0], server, closed, ...rest };
}

describe("an LLM agent with the tools of an MCP server", () => {
  it("offers them beside its own, answers with what they return, and closes its client at the end", async () => {
    using model = new ScriptedModel([
      [{ call: "price", args: { item: "boots" } }],
      ({ prompt }) => (JSON.stringify(prompt.at(-1)).includes('"dollars":299') ? "They are $299." : "I do not know."),
    ]);
    const it = await clerk(model);
    {
      await using _ = it.h;
      await it.agent.say("How much are the boots?");
      await it.agent.output.waitFor((frame) => "text" in frame && frame.text === "They are $299.");
      expect(model.requests[0]?.tools?.map(({ name }) => name)).toEqual(
        expect.arrayContaining(["price", "stock_count", "greet"]),
      );
    }
    await it.closed;
  });

  it("tells its model that a tool failed", async () => {
    using model = new ScriptedModel([
      [{ call: "order", args: { item: "boots" } }],
      ({ prompt }) => (JSON.stringify(prompt.at(-1)).includes("There are no boots left.") ? "Sold out." : "Ordered!"),
    ]);
    const it = await clerk(model);
    await using h = it.h;
    h.expectError(/There are no boots left/);
    await it.agent.say("I take the boots.");
    await it.agent.output.waitFor((frame) => "text" in frame && frame.text === "Sold out.");
    const { result } = await it.agent.output.waitFor(FunctionCallResultFrame);
    expect(result).toEqual({ error: "There are no boots left." });
  });

  it("has a call stopped at the server when the user speaks over it", async () => {
    using model = new ScriptedModel([[{ call: "restock" }]]);
    const it = await clerk(model);
    await using _ = it.h;
    await it.agent.say("Get new ones!");
    await it.waiting;
    await it.agent.queueFrame(new InterruptionFrame());
    await it.cancelled;
  });

  it("can take over a list that has changed", async () => {
    using model = new ScriptedModel(["Yes."]);
    const it = await clerk(model);
    await using _ = it.h;
    it.server.registerTool("discount", { description: "Gives ten percent." }, () => ({ content: [] }));
    await until(() => it.agent.context.tools?.some(({ name }) => name === "discount") ?? false);
    await it.agent.say("Is there a discount?");
    await it.agent.output.waitFor((frame) => "text" in frame && frame.text === "Yes.");
    expect(model.requests[0]?.tools?.map(({ name }) => name)).toContain("discount");
  });

  it("has them behind a bridge too, where it has no pipeline of its own", async () => {
    using model = new ScriptedModel([[{ call: "price", args: { item: "boots" } }], "They are $299."]);
    class Bridged extends LLMAgent {
      override buildLLM() {
        return new LLMService({ model });
      }

      override async buildPipeline() {
        this.tools = await mcpTools(client);
        return super.buildPipeline();
      }
    }
    const [ours, theirs] = InMemoryTransport.createLinkedPair();
    const client = new Client({ name: "bridged", version: "1.0.0" });
    await Promise.all([shop().server.connect(theirs), client.connect(ours)]);
    let host!: Host;
    await using running = await Running.with(({ bus }) => {
      host = new Host({ bus });
      return [host, new Bridged("assistant", { bus, active: true })];
    });
    await host.say("How much are the boots?");
    await until(() => host.transcript.includes("assistant: They are $299."));
    expect(host.transcript).toContain('tool: {"dollars":299}');
    expect(running.errors).toEqual([]);
    await client.close();
  });

  it("does not start with tools that are refused, and closes its client then too", async () => {
    using model = new ScriptedModel([]);
    const { server } = shop();
    server.registerTool("stock_count", {}, () => ({ content: [] }));
    const closed = new Promise<void>((resolve) => {
      server.server.onclose = resolve;
    });
    await using h = await harness({ agents: (bus) => [new Clerk("clerk", { bus, model, server })] });
    await h.waitForError(/both become stock_count/);
    await closed;
  });
});
