import { fileURLToPath } from "node:url";
import { Client as SecondClient } from "@modelcontextprotocol/client";
import { StdioClientTransport as SecondTransport } from "@modelcontextprotocol/client/stdio";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { type McpClient, mcpTools } from "trunkline/llm";
import { describe, expect, it } from "vitest";

const command = {
  command: process.execPath,
  args: ["--import", "tsx", fileURLToPath(new URL("mcp-stdio-server.ts", import.meta.url))],
};
const info = { name: "test", version: "1.0.0" };

type Connected = McpClient & AsyncDisposable;

async function firstVersion(): Promise<Connected> {
  const client = new Client(info);
  await client.connect(new StdioClientTransport(command));
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.close() });
}

async function secondVersion(): Promise<Connected> {
  const client = new SecondClient(info);
  await client.connect(new SecondTransport(command));
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.close() });
}

describe.each([
  ["1", firstVersion],
  ["2", secondVersion],
])("an MCP server in a process of its own, over version %s of the SDK", (_, connect) => {
  it("has its tools called, and its calls aborted", async () => {
    await using client = await connect();
    const { price, restock } = await mcpTools(client);
    const abort = new AbortController();
    const call = { toolCallId: "1", functionName: "price", signal: abort.signal };
    expect(await price?.run({ item: "boots" }, call)).toEqual({ dollars: 299 });
    const never = restock?.run({}, call);
    abort.abort(new Error("no longer wanted"));
    await expect(never).rejects.toThrow(/no longer wanted/);
  });
});
