import { TrunklineError } from "../../errors.ts";
import { isRecord } from "../../util/index.ts";
import type { Tool } from "../tool.ts";
import { callResult } from "./call-result.ts";
import { type ListedTool, listedTools, refused } from "./listed-tools.ts";
import { callTool, type McpClient } from "./mcp-client.ts";
import { quoted, toolDeclaration } from "./tool-declaration.ts";

/** Which tools of an MCP server a model gets, and how they are called. */
export interface McpToolsOptions {
  /** These tools alone, by the server's names; one that the server does not have is refused. Default: all. */
  readonly include?: readonly string[] | undefined;
  /** All but these tools, by the server's names. Default: none is left out. */
  readonly exclude?: readonly string[] | undefined;
  /** Stands before every name: letters, digits, `_` and `-`, at most 32. Default: nothing does. */
  readonly prefix?: string | undefined;
  /** How long a call may take, and the reading of the whole list, in milliseconds. Default 60,000. */
  readonly timeoutMs?: number | undefined;
  /** Whether the user ends a call by speaking over the bot. Default true. */
  readonly cancelOnInterruption?: boolean | undefined;
  /** How many tools the model may get; more are refused. Default 128, as many as most providers take. */
  readonly maxTools?: number | undefined;
  /** How long a result may be, in characters of its JSON; a longer one fails. Default 65,536. */
  readonly maxResultCharacters?: number | undefined;
}

// What providers take as a tool's name.
const maximumName = 64;
// What a timer can wait for.
const maximumLimit = 2 ** 31 - 1;

/**
 * The tools of an MCP server, for an agent's `tools`, by names that every provider takes: what these do not have
 * becomes `_`, and what is over 64 characters is cut. The client is connected already and stays its owner's to close.
 * Tools that can only be run as tasks of MCP are left out.
 * @throws TrunklineError `TL_INVALID_OPTION` for an option that cannot be, `TL_MCP_REFUSED` when the server's list has
 * no end, is too large, lacks an included tool, has two tools of one name, or describes a tool in a way that no model
 * should read; and what the client throws
 */
export async function mcpTools(
  client: McpClient,
  options: McpToolsOptions = {},
): Promise<Readonly<Record<string, Tool>>> {
  const { prefix = "", timeoutMs = 60_000, maxTools = 128, maxResultCharacters = 65_536 } = options;
  checkOptions({ timeoutMs, maxTools, maxResultCharacters }, prefix);
  const wanted = selected(await listedTools(client, timeoutMs), options);
  if (wanted.length > maxTools) {
    throw refused(`The server has ${wanted.length} tools of at most ${maxTools}; choose some with include.`);
  }
  const originals = new Map<string, string>();
  const tools = wanted.map((listed) => {
    const { name } = listed;
    const given = givenName(prefix, name);
    const other = originals.get(given);
    if (other !== undefined) {
      throw refused(`The tools ${quoted(other)} and ${quoted(name)} both become ${given}; leave one out with exclude.`);
    }
    originals.set(given, name);
    return [given, mcpTool(client, listed, { ...options, timeoutMs, maxResultCharacters })] as const;
  });
  return Object.fromEntries(tools);
}

function checkOptions(limits: Readonly<Record<string, number>>, prefix: string): void {
  for (const [name, limit] of Object.entries(limits)) {
    if (limit > 0 && limit <= maximumLimit) continue;
    throw new TrunklineError("TL_INVALID_OPTION", `${name} must be above 0 and at most ${maximumLimit}, not ${limit}.`);
  }
  if (/^[a-zA-Z0-9_-]{0,32}$/.test(prefix)) return;
  throw new TrunklineError(
    "TL_INVALID_OPTION",
    `A prefix is at most 32 letters, digits, "_" and "-"; ${quoted(prefix)} is not.`,
  );
}

function selected(listed: readonly ListedTool[], { include, exclude }: McpToolsOptions): readonly ListedTool[] {
  const able = listed.filter(({ needsTask }) => !needsTask);
  const names = new Set(able.map(({ name }) => name));
  const missing = include?.find((name) => !names.has(name));
  if (missing !== undefined) throw refused(`The server has no tool ${quoted(missing)} that can be called.`);
  const [included, excluded] = [new Set(include ?? names), new Set(exclude)];
  return able.filter(({ name }) => included.has(name) && !excluded.has(name));
}

function givenName(prefix: string, name: string): string {
  return (prefix + name.replaceAll(/[^a-zA-Z0-9_-]/g, "_")).slice(0, maximumName);
}

function mcpTool(
  client: McpClient,
  listed: ListedTool,
  options: McpToolsOptions & { readonly timeoutMs: number; readonly maxResultCharacters: number },
): Tool {
  const { timeoutMs, cancelOnInterruption = true, maxResultCharacters } = options;
  return {
    ...toolDeclaration(listed),
    timeoutMs,
    cancelOnInterruption,
    run: async (args, { signal }) => {
      if (!isRecord(args)) throw new TrunklineError("TL_TOOL_FAILED", "The arguments are not an object.");
      const request = { name: listed.name, arguments: { ...args } };
      return callResult(await callTool(client, request, { signal, timeout: timeoutMs }), maxResultCharacters);
    },
  };
}
