import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { mcpTools } from "trunkline/llm";
import { describe, expect, it } from "vitest";
import { shop } from "./mcp-shop.ts";

const named = { toolCallId: "1", functionName: "" };
const notAborted = () => ({ ...named, signal: new AbortController().signal });

async function connected() {
  const { server, ...rest } = shop();
  const [ours, theirs] = InMemoryTransport.createLinkedPair();
  const client = new Client({ name: "test", version: "1.0.0" });
  await Promise.all([server.connect(theirs), client.connect(ours)]);
  return { client, server, ...rest, [Symbol.asyncDispose]: () => client.close() };
}

describe("the tools of an MCP server", () => {
  it("have the server's descriptions and schemas, and names that providers take", async () => {
    await using it = await connected();
    const tools = await mcpTools(it.client);
    expect(Object.keys(tools)).toEqual(["price", "stock_count", "picture", "order", "catalogue", "restock"]);
    expect(tools.price).toMatchObject({
      description: "Looks up a price.",
      parameters: { type: "object", properties: { item: { type: "string" } }, required: ["item"] },
      timeoutMs: 60_000,
      cancelOnInterruption: true,
    });
    expect(tools.price?.parameters).not.toHaveProperty("$schema");
    expect(tools.picture?.parameters).toMatchObject({ type: "object", properties: {} });
  });

  it("can be chosen, renamed and given other limits", async () => {
    await using it = await connected();
    const options = { prefix: "shop-", timeoutMs: 5, cancelOnInterruption: false };
    const tools = await mcpTools(it.client, { include: ["price", "order"], exclude: ["order"], ...options });
    expect(Object.keys(tools)).toEqual(["shop-price"]);
    expect(tools["shop-price"]).toMatchObject({ timeoutMs: 5, cancelOnInterruption: false });
  });

  it("give structured content, else text, else the parts as they are", async () => {
    await using it = await connected();
    const tools = await mcpTools(it.client);
    expect(await tools.price?.run({ item: "boots" }, notAborted())).toEqual({ dollars: 299 });
    expect(await tools.stock_count?.run({ item: "boots" }, notAborted())).toBe("3 boots,\n2 of them blue");
    expect(await tools.picture?.run({}, notAborted())).toEqual([
      { type: "text", text: "Here it is:" },
      { type: "image", data: "AAAA", mimeType: "image/png" },
    ]);
  });

  it("fail with the server's words, also when it does not like the arguments", async () => {
    await using it = await connected();
    const { order } = await mcpTools(it.client);
    const failure = { code: "TL_TOOL_FAILED", message: "There are no boots left." };
    await expect(order?.run({ item: "boots" }, notAborted())).rejects.toMatchObject(failure);
    await expect(order?.run({ item: 7 }, notAborted())).rejects.toThrow(/item/);
    await expect(order?.run("boots", notAborted())).rejects.toThrow("not an object");
  });

  it("fail when their results are too long for a conversation", async () => {
    await using it = await connected();
    const { catalogue } = await mcpTools(it.client, { maxResultCharacters: 100 });
    const failure = { code: "TL_TOOL_FAILED", message: expect.stringContaining("6002 characters of at most 100") };
    await expect(catalogue?.run({}, notAborted())).rejects.toMatchObject(failure);
  });

  it("stop at the server too when their call is aborted", async () => {
    await using it = await connected();
    const { restock } = await mcpTools(it.client);
    const abort = new AbortController();
    const result = restock?.run({}, { ...named, signal: abort.signal });
    await it.waiting;
    abort.abort(new Error("no longer wanted"));
    await expect(result).rejects.toThrow("no longer wanted");
    await it.cancelled;
  });

  it("are not longer in coming than the SDK is told", async () => {
    await using it = await connected();
    const { restock } = await mcpTools(it.client, { timeoutMs: 50 });
    await expect(restock?.run({}, notAborted())).rejects.toThrow(/timed out/);
    await it.cancelled;
  });

  it("cannot be had from a client whose connection is closed", async () => {
    await using it = await connected();
    await it.client.close();
    await expect(mcpTools(it.client)).rejects.toThrow("Not connected");
  });
});
