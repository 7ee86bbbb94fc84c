import { TrunklineError } from "../../errors.ts";
import { isRecord } from "../../util/index.ts";
import type { McpClient } from "./mcp-client.ts";

/** A tool as the server describes it, its parts not looked at yet. */
export interface ListedTool {
  readonly name: string;
  readonly description: unknown;
  readonly inputSchema: unknown;
  /** The server runs it as a task of MCP only, which a plain call is refused. */
  readonly needsTask: boolean;
}

// No server that means well comes near these.
const maximumPages = 100;
const maximumListed = 5_000;

/**
 * Reads every page of the server's list, within `timeoutMs` altogether.
 * @throws TrunklineError `TL_MCP_REFUSED` when the list has no end or is not a list of tools; what the client throws
 */
export async function listedTools(client: McpClient, timeoutMs: number): Promise<readonly ListedTool[]> {
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort(refused(`The server did not tell its tools within ${timeoutMs} ms.`));
  }, timeoutMs);
  try {
    return await everyPage(client, { signal: late.signal, timeout: timeoutMs });
  } catch (error) {
    // The SDK has words of its own for its being aborted.
    late.signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function everyPage(client: McpClient, options: { signal: AbortSignal; timeout: number }): Promise<ListedTool[]> {
  const listed: ListedTool[] = [];
  let params: { cursor?: string } = {};
  for (let pages = 0; pages < maximumPages; pages++) {
    const page = await client.listTools(params, options);
    options.signal.throwIfAborted();
    if (!isRecord(page) || !Array.isArray(page.tools)) throw refused("The server's answer is not a list of tools.");
    for (const one of page.tools) listed.push(listedTool(one));
    if (listed.length > maximumListed) throw refused(`The server lists more than ${maximumListed} tools.`);
    if (typeof page.nextCursor !== "string" || page.nextCursor === "") return listed;
    params = { cursor: page.nextCursor };
  }
  throw refused(`The server's list does not end within ${maximumPages} pages.`);
}

function listedTool(one: unknown): ListedTool {
  if (!isRecord(one) || typeof one.name !== "string" || one.name === "") {
    throw refused("The server lists a tool without a name.");
  }
  const { name, description, inputSchema, execution } = one;
  return { name, description, inputSchema, needsTask: isRecord(execution) && execution.taskSupport === "required" };
}

/** The server's list, or a tool of it, cannot be used. */
export function refused(message: string): TrunklineError {
  return new TrunklineError("TL_MCP_REFUSED", message);
}
