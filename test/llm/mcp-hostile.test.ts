import fc from "fast-check";
import { type McpClient, type McpToolsOptions, mcpTools } from "trunkline/llm";
import { describe, expect, it } from "vitest";

const object = { type: "object" };
const call = { toolCallId: "1", functionName: "f", signal: new AbortController().signal };

/** A client whose server answers with whatever these give. */
function client(page: (cursor: string | undefined) => unknown, answer: unknown = {}): McpClient {
  return { listTools: async ({ cursor }) => page(cursor), callTool: async () => answer };
}

const listing = (...tools: readonly unknown[]) => client(() => ({ tools }));
const described = (change: object) => listing({ name: "f", inputSchema: object, ...change });
const deep = (levels: number): unknown => {
  let schema: object = { ...object };
  for (let level = 0; level < levels; level++) schema = { type: "object", properties: { inner: schema } };
  return schema;
};

type Refusal = readonly [what: string, hostile: McpClient, words: RegExp, options?: McpToolsOptions];

const refusals: readonly Refusal[] = [
  ["pages for ever", client((cursor) => ({ tools: [], nextCursor: `${cursor}x` })), /does not end within 100 pages/],
  [
    "lists thousands of tools",
    client(() => ({ tools: Array.from({ length: 5_001 }, (_, n) => ({ name: `f${n}`, inputSchema: object })) })),
    /more than 5000 tools/,
  ],
  ["gives no list", client(() => ({ tools: {} })), /not a list/],
  ["gives nothing", client(() => undefined), /not a list/],
  ["lists what is no tool", listing(null), /without a name/],
  ["names a tool nothing", listing({ name: "", inputSchema: object }), /without a name/],
  ["gives a description that is no text", described({ description: {} }), /description of the tool "f" is not text/],
  ["talks too much", described({ description: "x".repeat(8_193) }), /8193 characters of at most 8192/],
  ["has no schema", described({ inputSchema: undefined }), /does not describe an object/],
  ["asks for a text as arguments", described({ inputSchema: { type: "string" } }), /does not describe an object/],
  ["has too large a schema", described({ inputSchema: { ...object, title: "x".repeat(40_000) } }), /of at most 32768/],
  ["has too deep a schema", described({ inputSchema: deep(20_000) }), /input schema of the tool "f"/],
  ["has a schema that is no JSON", described({ inputSchema: { ...object, n: 1n } }), /is not JSON/],
  [
    "has two tools of one name",
    listing({ name: "a.b", inputSchema: object }, { name: "a/b", inputSchema: object }),
    /"a\.b" and "a\/b" both become a_b/,
  ],
  [
    "has names that differ behind the 64th letter only",
    listing(...["x", "y"].map((end) => ({ name: "n".repeat(64) + end, inputSchema: object }))),
    /both become n{64};/,
  ],
  [
    "has more tools than the model may get",
    listing({ name: "f", inputSchema: object }, { name: "g", inputSchema: object }),
    /2 tools of at most 1; choose/,
    { maxTools: 1 },
  ],
  ["lacks a tool that is included", described({}), /no tool "g"/, { include: ["f", "g"] }],
  [
    "has an included tool that only runs as a task",
    described({ execution: { taskSupport: "required" } }),
    /no tool "f" that can be called/,
    { include: ["f"] },
  ],
];

describe("a server", () => {
  for (const [what, hostile, words, options] of refusals) {
    it(`that ${what} is refused`, async () => {
      const refusal = { code: "TL_MCP_REFUSED", message: expect.stringMatching(words) };
      await expect(mcpTools(hostile, options)).rejects.toMatchObject(refusal);
    });
  }

  it("that does not tell its tools in time is refused", async () => {
    const silent: McpClient = {
      callTool: async () => ({}),
      listTools: (_, { signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("aborted")))),
    };
    const refusal = { code: "TL_MCP_REFUSED", message: expect.stringContaining("within 20 ms") };
    await expect(mcpTools(silent, { timeoutMs: 20 })).rejects.toMatchObject(refusal);
  });

  it("has all of its pages read", async () => {
    const pages: Record<string, unknown> = {
      "": { tools: [{ name: "a", inputSchema: object }], nextCursor: "2" },
      "2": { tools: [{ name: "b", inputSchema: object }], nextCursor: "3" },
      "3": { tools: [{ name: "c", inputSchema: object }], nextCursor: "" },
    };
    expect(Object.keys(await mcpTools(client((cursor = "") => pages[cursor])))).toEqual(["a", "b", "c"]);
  });

  it("does not spoil the tools that are wanted by those that are not", async () => {
    const mixed = listing({ name: "good", inputSchema: object }, { name: "bad", inputSchema: 7 }, { name: "task" });
    expect(Object.keys(await mcpTools(mixed, { exclude: ["bad", "task"] }))).toEqual(["good"]);
    expect(Object.keys(await mcpTools(mixed, { include: ["good"] }))).toEqual(["good"]);
  });

  it("cannot reach an object's prototype with a name or a schema", async () => {
    const inputSchema = JSON.parse('{"type":"object","properties":{"__proto__":{"type":"string"},"a":{}}}');
    const tools = await mcpTools(listing({ name: "__proto__", inputSchema }));
    expect(Object.keys(tools)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(tools)).toBe(Object.prototype);
    const { parameters } = Object.values(tools)[0] ?? {};
    expect(JSON.stringify(parameters)).toBe('{"type":"object","properties":{"a":{}}}');
  });

  it.each([
    ["nothing", null, /not a result/],
    ["content that is no list", { content: "text" }, /not a list/],
    ["a failure without words", { isError: true, content: [] }, /does not say why/],
    [
      "a failure of many words",
      { isError: true, content: [{ type: "text", text: "no ".repeat(100) }] },
      /^(no ){3}n…$/,
    ],
    ["too much structure", { structuredContent: { a: "x".repeat(10) } }, /18 characters of at most 10/],
  ])("that answers a call with %s makes the call fail", async (_, answer, words) => {
    const hostile = client(() => ({ tools: [{ name: "f", inputSchema: object }] }), answer);
    const { f } = await mcpTools(hostile, { maxResultCharacters: 10 });
    await expect(f?.run({}, call)).rejects.toMatchObject({
      code: "TL_TOOL_FAILED",
      message: expect.stringMatching(words),
    });
  });

  it("gives each tool a name that providers take, or is refused, whatever it calls them", async () => {
    const names = fc.uniqueArray(fc.string({ unit: "binary", minLength: 1, maxLength: 100 }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(names, async (given) => {
        try {
          const tools = await mcpTools(listing(...given.map((name) => ({ name, inputSchema: object }))));
          expect(Object.keys(tools)).toHaveLength(given.length);
          for (const name of Object.keys(tools)) expect(name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
        } catch (error) {
          expect(error).toMatchObject({ code: "TL_MCP_REFUSED", message: expect.stringContaining("both become") });
        }
      }),
    );
  });
});

describe("an option", () => {
  it.each([
    [{ prefix: "my shop" }],
    [{ prefix: "p".repeat(33) }],
    [{ timeoutMs: 0 }],
    [{ timeoutMs: Number.POSITIVE_INFINITY }],
    [{ maxTools: Number.NaN }],
    [{ maxResultCharacters: -1 }],
  ])("that cannot be is refused: %o", async (options) => {
    await expect(mcpTools(listing(), options)).rejects.toMatchObject({ code: "TL_INVALID_OPTION" });
  });
});
