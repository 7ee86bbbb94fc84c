import { createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { endAllPrograms, Program, run } from "./program.ts";

afterEach(endAllPrograms);

const welcome = "Welcome to Acme! We have Rocket Boots, Invisible Paint and the Tornado Kit. How can I help you?";
const boots = "The Rocket Boots cost $299 and take you up to 60 mph.";
const paint = "Invisible Paint costs $49 a can, and what it covers stays unseen for 24 hours.";
const tornado = "The Tornado Kit costs $199, batteries included.";
const goodbye = "Thank you for visiting Acme. Goodbye!";
const lines = (...texts: readonly string[]) => texts.map((text) => `${text}\n`).join("");

describe("a conversation from the command line", () => {
  it("npm start -- --say: the assistant's words on stdout and nothing else, the model once on stderr, exit 0", async () => {
    const began = performance.now();
    const program = new Program(["npm", "start", "-s", "--", "--say", "How much are the rocket boots?"], {});
    expect(await program.exits()).toMatchObject({ code: 0 });
    expect(program.stdout).toBe(lines(welcome, boots));
    expect(program.stderr.match(/^Model: offline/gm)).toHaveLength(1);
    expect(program.stderr).not.toMatch(/Error/);
    await program.isGone();
    // About 1.5 seconds on a machine that has nothing else to do.
    expect(performance.now() - began).toBeLessThan(8_000);
  });

  it("several --say are one conversation, and goodbye ends it: what would follow is not said", async () => {
    const say = ["how much are the boots", "and the paint?", "the tornado kit?", "goodbye", "the boots again"];
    const { code, stdout, program } = await run("start", ["--port", "0", ...say.flatMap((text) => ["--say", text])]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: lines(welcome, boots, paint, tornado, goodbye) });
    await program.isGone();
  });

  it("a say that is empty is not said", async () => {
    const { code, stdout } = await run("start", ["--port", "0", "--say", "", "--say", "paint"]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: lines(welcome, paint) });
  });

  it("a port that others use is no matter where none was asked for", async () => {
    const other = createServer();
    // If somebody else has it, so much the better.
    await new Promise<void>((resolve) => other.once("error", () => resolve()).listen(8765, "127.0.0.1", resolve));
    try {
      const { code, stdout, stderr } = await run("start", ["--say", "boots"]);
      expect({ code, stdout }).toEqual({ code: 0, stdout: lines(welcome, boots) });
      expect(stderr).toMatch(/listens on ws:\/\/127\.0\.0\.1:(?!8765)\d+\/ws/);
    } finally {
      await new Promise((resolve) => other.close(resolve));
    }
  });
});

describe("lines from a pipe", () => {
  it.each([
    ["with an end to each", "boots\npaint\n", [boots, paint]],
    ["without an end to the last", "boots\npaint", [boots, paint]],
    ["with Windows line ends, and empty ones", "boots\r\n\r\n  \r\npaint\r\n", [boots, paint]],
    ["that say goodbye before their end", "boots\ngoodbye\npaint\n", [boots, goodbye]],
    ["of which there are none", "", []],
  ])("%s", async (_, input, answers) => {
    const { code, stdout } = await run("start", ["--port", "0"], { input });
    expect({ code, stdout }).toEqual({ code: 0, stdout: lines(welcome, ...answers) });
  });

  it("are answered as they come, and goodbye ends the program though the pipe stays open", async () => {
    const program = Program.start("start", ["--port", "0"], { input: "open" });
    await program.prints(welcome);
    program.write("boots\n");
    await program.prints(boots);
    program.write("goodbye\n");
    expect(await program.exits()).toMatchObject({ code: 0 });
    expect(program.stdout).toBe(lines(welcome, boots, goodbye));
    await program.isGone();
  });

  it("an input that cannot be read is one sentence and exit 1", async () => {
    const program = new Program(["sh", "-c", "npm start -s -- --port 0 0>/dev/null"], {});
    expect(await program.exits()).toMatchObject({ code: 1 });
    expect(program.stderr.match(/^Error: .*$/gm)).toEqual([expect.stringContaining("The input cannot be read: EBADF")]);
    expect(program.stderr).not.toMatch(/^ {4}at /m);
    await program.isGone();
  });

  it("whoever reads the answers may stop reading: the conversation ends, and nobody complains", async () => {
    const program = Program.start("start", ["--port", "0", "--say", "boots", "--say", "paint"], {});
    program.stopReading();
    expect(await program.exits()).toMatchObject({ code: 0 });
    expect(program.stderr).not.toMatch(/Error|EPIPE|\n {4}at /);
    await program.isGone();
  });
});
