import { afterEach, describe, expect, it } from "vitest";
import { deferred } from "../../src/util/index.ts";
import { type FakeAnswer, type FakeRequest, type OpenAIServer, startOpenAIServer } from "../llm/openai-server.ts";
import { endAllPrograms, Program } from "./program.ts";

let model: OpenAIServer | undefined;

afterEach(async () => {
  await endAllPrograms();
  await model?.close();
  model = undefined;
});

const plain = { NO_COLOR: "1" };

describe("a chat in a terminal", () => {
  it("says whose words are whose, and which model answers first of all", async () => {
    const program = Program.inTerminal("start", ["--port", "0"], { env: plain });
    await theUsersTurn(program, 1);
    expect(program.screen).toMatch(/^Model: offline/);
    expect(program.screen).toMatch(/\nassistant> Welcome to Acme![^\n]*\nyou> $/);
    program.write("boots\r");
    await theUsersTurn(program, 2);
    expect(program.screen).toMatch(/\nyou> boots\nassistant> The Rocket Boots cost[^\n]*\nyou> $/);
    program.write("goodbye\r");
    expect(await program.exits()).toMatchObject({ code: 0 });
    // No prompt after the last words.
    expect(program.screen).toMatch(/\nassistant> Thank you for visiting Acme\. Goodbye!\n$/);
    await program.isGone();
  });

  it("streams the answer; what is typed meanwhile waits for its turn", async () => {
    const rest = deferred();
    const program = await chatWith((_, count) =>
      count === 1 ? { words: ["One ", "two "], hold: rest.promise } : { words: ["Three."] },
    );
    await program.prints(/assistant> One two/);
    program.write("typed ");
    program.write("ahead\rand half");
    expect(program.screen).not.toContain("you>");
    rest.resolve();
    await program.prints(/you> and half/);
    expect(program.screen).toMatch(/\nassistant> One two\nyou> typed ahead\nassistant> Three\.\nyou> and half$/);
  });

  it("Ctrl-C ends it within a second, on a line of its own", async () => {
    const program = Program.inTerminal("start", ["--port", "0"], { env: plain });
    await theUsersTurn(program, 1);
    program.write("half");
    await program.prints("you> half");
    program.write("\x03");
    const { code, afterMs } = await program.exits();
    expect(code).toBe(0);
    expect(afterMs).toBeLessThan(1_000);
    expect(program.screen).toMatch(/\nyou> half\n$/);
    await program.isGone();
  });

  it("Ctrl-C ends it in the middle of an answer too", async () => {
    const rest = deferred();
    const program = await chatWith(() => ({ words: ["One ", "two"], hold: rest.promise }));
    await program.prints(/assistant> One two/);
    program.write("\x03");
    const { code, afterMs } = await program.exits();
    rest.resolve();
    expect(code).toBe(0);
    expect(afterMs).toBeLessThan(1_000);
    expect(program.screen).toMatch(/\nassistant> One two\n$/);
    await program.isGone();
  });

  it("Ctrl-D ends it, as the end of a pipe does", async () => {
    const program = Program.inTerminal("start", ["--port", "0"], { env: plain });
    await theUsersTurn(program, 1);
    program.write("\x04");
    expect(await program.exits()).toMatchObject({ code: 0 });
    expect(program.screen).toMatch(/\nyou> \n$/);
  });

  it("goes on after a failure of the model, and remembers it in the exit code", async () => {
    const program = await chatWith((_, count) => (count === 1 ? { status: 401 } : { words: ["Better."] }));
    await program.prints(/Error: [^\n]*The fake refuses/);
    await theUsersTurn(program, 1);
    program.write("again\r");
    await program.prints(/assistant> Better\./);
    await theUsersTurn(program, 2);
    program.write("\x04");
    expect(await program.exits()).toMatchObject({ code: 1 });
  });

  it("an assistant that is lost is reported on a line of its own", async () => {
    const program = Program.inTerminal("start", ["--port", "0"], { env: plain });
    await theUsersTurn(program, 1);
    program.write("half");
    await program.prints("you> half");
    program.signal("SIGKILL", "assistant");
    expect(await program.exits()).toMatchObject({ code: 1 });
    expect(program.screen).toMatch(/\nyou> half\nThe connection to the assistant is gone\.[^\n]*\n/);
    expect(program.screen).toMatch(/\nError: The assistant was lost[^\n]*\n$/);
  });

  it("has colours, and none with NO_COLOR", async () => {
    const [coloured, uncoloured] = [{}, plain].map((env) => Program.inTerminal("start", ["--port", "0"], { env }));
    await Promise.all([coloured, uncoloured].map((program) => program && theUsersTurn(program, 1)));
    expect(coloured?.stdout).toContain("\u001b[1;36massistant>\u001b[0m ");
    expect(coloured?.stdout).toContain("\u001b[1;32myou>\u001b[0m ");
    expect(uncoloured?.stdout.split("\u001b[").filter((part) => /^[\d;]*m/.test(part))).toEqual([]);
  });
});

async function chatWith(answer: (request: FakeRequest, count: number) => FakeAnswer): Promise<Program> {
  model = await startOpenAIServer(answer);
  const env = { ...plain, OPENAI_API_KEY: "x", OPENAI_BASE_URL: model.url };
  return Program.inTerminal("start", ["--port", "0"], { env });
}

/** The prompt is on the screen for the nth time. */
async function theUsersTurn(program: Program, count: number): Promise<void> {
  await program.prints(new RegExp(`(you>[^]*){${count}}`));
}
