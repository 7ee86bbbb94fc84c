export type { McpClient, McpRequestOptions } from "./mcp-client.ts";
export { type McpToolsOptions, mcpTools } from "./mcp-tools.ts";
