import { readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { endAllPrograms, type ProgramName, root, run } from "./program.ts";

afterEach(endAllPrograms);

const oneSentence = /^Error: [^\n]+\.[^\n]*\n$/;
const stack = /^ {4}at /m;

interface Mistake {
  readonly program: ProgramName;
  readonly args: readonly string[];
  readonly says: RegExp;
  readonly env?: Readonly<Record<string, string>>;
}

describe("a mistake is answered with one sentence, without a stack trace, and an exit code other than 0", () => {
  const mistakes: readonly Mistake[] = [
    { program: "start", args: ["--sya", "hi"], says: /'--sya'.*--help/ },
    { program: "start", args: ["hi"], says: /'hi'/ },
    { program: "start", args: ["--say"], says: /--say/ },
    { program: "start", args: ["--port", "abc"], says: /0 to 65535.*"abc"/ },
    { program: "start", args: ["--port", "70000"], says: /0 to 65535/ },
    { program: "start", args: ["--port", "0", "--model", "gpt"], says: /provider\/name/ },
    { program: "start", args: ["--port", "0", "--model", "nope/x"], says: /no provider "nope".*openai, anthropic/ },
    { program: "start", args: ["--port", "0", "--model", "__proto__/x"], says: /no provider "__proto__"/ },
    { program: "start", args: ["--port", "0", "--model", "xai/x"], says: /npm install @ai-sdk\/xai/ },
    { program: "start", args: ["--port", "0"], says: /OPENAI_BASE_URL/, env: { OPENAI_BASE_URL: "localhost:11434" } },
    { program: "assistant", args: ["--nope"], says: /'--nope'/ },
    { program: "assistant", args: ["--port", ""], says: /0 to 65535/ },
    { program: "assistant", args: ["--port", "0", "--host="], says: /--host wants an address/ },
    { program: "assistant", args: ["--port", "0", "--host", "nowhere.invalid"], says: /nowhere\.invalid/ },
    { program: "main", args: ["--port", "1"], says: /'--port'/ },
    { program: "main", args: ["--remote-agent-url", "ws://127.0.0.1:1/ws"], says: /nothing listens there/ },
    { program: "main", args: ["--remote-agent-url", "http://127.0.0.1/"], says: /ws:\/\// },
    { program: "main", args: ["--remote-agent-url", "nonsense"], says: /ws:\/\/host/ },
    { program: "main", args: ["--remote-agent-url", "ws://nowhere.invalid/ws"], says: /ws:\/\/nowhere\.invalid/ },
  ];

  it.each(mistakes)("$program $args", async ({ program, args, says, env = {} }) => {
    const { code, stdout, stderr } = await run(program, args, { env });
    expect(stdout).toBe("");
    expect(stderr).toMatch(oneSentence);
    expect(stderr).toMatch(says);
    expect(code).toBeGreaterThan(0);
    expect(code).toBeLessThan(3);
  });

  it.each(["start", "assistant"] as const)("%s --port of another program", async (program) => {
    const other = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const { port } = other.address() as AddressInfo;
    try {
      const { code, stderr } = await run(program, ["--port", String(port)]);
      expect(code).toBe(1);
      expect(stderr).toMatch(oneSentence);
      expect(stderr).toContain(`Port ${port} on 127.0.0.1 is in use`);
    } finally {
      await new Promise((resolve) => other.close(resolve));
    }
  });

  it.each([
    ["start", ["--port", "0", "--model", "nope/x"]],
    ["assistant", ["--port", "0", "--host", "nowhere.invalid"]],
    ["main", ["--remote-agent-url", "ws://127.0.0.1:1/ws"]],
  ] as const)("--verbose shows all of it: %s", async (program, args) => {
    const { code, stderr } = await run(program, [...args, "--verbose"]);
    expect(code).toBeGreaterThan(0);
    expect(stderr).toMatch(stack);
  });
});

describe("--help", () => {
  it.each(["start", "assistant", "main"] as const)(
    "of %s names every flag there is, with its default",
    async (program) => {
      const source = readFileSync(`${root}examples/remote-proxy-assistant/${program}.ts`, "utf8");
      const flags = [...source.matchAll(/^ {6}"?([a-z-]+)"?: \{ type: "(?:string|boolean)"(?:.*default: "(.*)")?/gm)];
      expect(flags.length).toBeGreaterThan(3);

      const { code, stdout, stderr } = await run(program, ["--help"]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      for (const [, flag, byDefault = ""] of flags) {
        expect(stdout).toMatch(new RegExp(`^  --${flag} `, "m"));
        expect(stdout).toContain(byDefault);
      }
      expect([...stdout.matchAll(/^ {2}--([a-z-]+)/gm)].map(([, flag]) => flag).sort()).toEqual(
        flags.map(([, flag]) => flag).sort(),
      );
      expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(120);
    },
  );
});
