import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { z } from "zod";

/** An MCP server that sells rocket boots. */
export interface Shop {
  readonly server: McpServer;
  /** Resolves once somebody asked for what never comes. */
  readonly waiting: Promise<void>;
  /** Resolves once that request was cancelled. */
  readonly cancelled: Promise<void>;
}

export function shop(): Shop {
  const server = new McpServer({ name: "shop", version: "1.0.0" });
  let wait = () => {};
  let cancel = () => {};
  const waiting = new Promise<void>((resolve) => {
    wait = resolve;
  });
  const cancelled = new Promise<void>((resolve) => {
    cancel = resolve;
  });
  const item = { item: z.string() };
  server.registerTool(
    "price",
    { description: "Looks up a price.", inputSchema: item, outputSchema: { dollars: z.number() } },
    () => ({ content: [{ type: "text", text: '{"dollars":299}' }], structuredContent: { dollars: 299 } }),
  );
  server.registerTool("stock.count", { description: "Counts what is left.", inputSchema: item }, ({ item: what }) => ({
    content: [
      { type: "text", text: `3 ${what},` },
      { type: "text", text: "2 of them blue" },
    ],
  }));
  server.registerTool("picture", { description: "Shows it." }, () => ({
    content: [
      { type: "text", text: "Here it is:" },
      { type: "image", data: "AAAA", mimeType: "image/png" },
    ],
  }));
  server.registerTool("order", { description: "Orders it.", inputSchema: item }, ({ item: what }) => ({
    isError: true,
    content: [{ type: "text", text: `There are no ${what} left.` }],
  }));
  server.registerTool("catalogue", { description: "Everything." }, () => ({
    content: [{ type: "text", text: "boots ".repeat(1_000) }],
  }));
  server.registerTool("restock", { description: "Takes for ever." }, async ({ signal }) => {
    const stopped = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    wait();
    await stopped;
    cancel();
    return { content: [] };
  });
  return { server, waiting, cancelled };
}
