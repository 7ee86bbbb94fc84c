import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { shop } from "./mcp-shop.ts";

await shop().server.connect(new StdioServerTransport());
