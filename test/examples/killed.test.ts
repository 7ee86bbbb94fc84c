import { afterEach, describe, expect, it } from "vitest";
import { deferred } from "../../src/util/index.ts";
import { type OpenAIServer, startOpenAIServer } from "../llm/openai-server.ts";
import { endAllPrograms, Program } from "./program.ts";

const opened: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  await endAllPrograms();
  for (const close of opened.splice(0)) await close();
});

const stack = /^ {4}at /m;

describe("a process that dies", () => {
  it("the assistant in the middle of an answer: one clear message, exit 1, once it did not come back in three seconds", async () => {
    const program = await inTheMiddleOfAnAnswer();
    program.signal("SIGKILL", "assistant");
    const { code, afterMs } = await program.exits();
    expect(code).toBe(1);
    expect(afterMs).toBeLessThan(6_000);
    expect(program.stdout).toBe("I was about to\n");
    expect(program.stderr.match(/^Error: The assistant was lost[^\n]*\n/gm)).toHaveLength(1);
    expect(program.stderr).not.toMatch(stack);
    await program.isGone();
  });

  it("the main program in the middle of an answer: the assistant that it started ends too", async () => {
    const program = await inTheMiddleOfAnAnswer();
    program.signal("SIGKILL", "start");
    await program.isGone(3_000);
    expect(program.stderr).not.toMatch(stack);
  });
});

describe("Ctrl-C ends both programs within a second, and leaves no trace", () => {
  it("while the assistant speaks", async () => {
    const program = await inTheMiddleOfAnAnswer();
    await endsByCtrlC(program);
    expect(program.stdout).toBe("I was about to\n");
  });

  it("while nobody speaks", async () => {
    const program = Program.start("start", ["--port", "0"], { input: "open" });
    await program.prints("How can I help you?\n");
    await endsByCtrlC(program);
  });

  it("through npm", async () => {
    const program = new Program(["npm", "start", "-s", "--", "--port", "0"], { input: "open" });
    await program.prints("How can I help you?\n");
    program.signalGroup("SIGINT");
    await program.isGone(1_500);
    expect(program.stderr).not.toMatch(stack);
  });

  async function endsByCtrlC(program: Program): Promise<void> {
    program.signalGroup("SIGINT");
    const { code, afterMs } = await program.exits();
    expect(code).toBe(0);
    expect(afterMs).toBeLessThan(1_000);
    expect(program.stderr).not.toMatch(/Error/);
    expect(program.stderr).not.toMatch(stack);
    await program.isGone();
  }
});

async function inTheMiddleOfAnAnswer(): Promise<Program> {
  const rest = deferred();
  const model: OpenAIServer = await startOpenAIServer(() => ({
    words: ["I was ", "about ", "to"],
    hold: rest.promise,
  }));
  opened.push(
    () => rest.resolve(),
    () => model.close(),
  );
  const env = { OPENAI_API_KEY: "x", OPENAI_BASE_URL: model.url };
  const program = Program.start("start", ["--port", "0", "--say", "hi"], { env });
  await program.prints("I was about to");
  return program;
}
