/** What is passed on to the SDK with each request. */
export interface McpRequestOptions {
  readonly signal: AbortSignal;
  /** Milliseconds. */
  readonly timeout: number;
}

/**
 * What `mcpTools` uses of a connected client: `Client` of `@modelcontextprotocol/sdk` 1 and of
 * `@modelcontextprotocol/client` 2 has it. What the promises resolve to comes from the server and is checked here.
 */
export interface McpClient {
  /** A page of the server's list. */
  listTools(params: { cursor?: string }, options: McpRequestOptions): Promise<unknown>;
  /**
   * Version 1 of the SDK takes a schema before the options, version 2 does not: a function that declares exactly two
   * parameters gets the options second, any other gets them third.
   */
  callTool(
    params: { name: string; arguments: Record<string, unknown> },
    schemaOrOptions: undefined,
    options: McpRequestOptions,
  ): Promise<unknown>;
}

/** Calls a tool in the way this version of the SDK wants it. */
export function callTool(
  client: McpClient,
  params: { name: string; arguments: Record<string, unknown> },
  options: McpRequestOptions,
): Promise<unknown> {
  // The types of both versions fit the interface, so that only this tells them apart.
  if (client.callTool.length !== 2) return client.callTool(params, undefined, options);
  const secondVersion = client as unknown as SecondVersion;
  return secondVersion.callTool(params, options);
}

interface SecondVersion {
  callTool(params: object, options: McpRequestOptions): Promise<unknown>;
}
