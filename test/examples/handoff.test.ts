import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { codeBlocks } from "../../scripts/markdown.ts";
import { type FakeAnswer, type FakeRequest, type OpenAIServer, startOpenAIServer } from "../llm/openai-server.ts";
import { endAllPrograms, Program, root, run } from "./program.ts";

let model: OpenAIServer | undefined;

afterEach(async () => {
  await endAllPrograms();
  await model?.close();
  model = undefined;
});

const welcome = "greeter: Welcome to Chez Acme! Would you like a table, or do you have a question?";
const handsOver = "greeter: Gladly! My colleague takes your reservation.";
const howMany = "reservations: For how many people is the table?";
const when = (people: number) => `reservations: A table for ${people}. At what time will you come?`;
const isRight = (what: string) => `reservations: A table for ${what}: is that right?`;
const reserved = (what: string) => `reservations: The table for ${what} is reserved. Goodbye!`;
const lines = (...texts: readonly string[]) => texts.map((text) => `${text}\n`).join("");

describe("the two agents of a restaurant", () => {
  it("--say: the greeter hands over and the flow asks its first question, as the example's page shows it", async () => {
    const { code, stdout, stderr } = await run("handoff", ["--say", "A table for tonight, please"]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: lines(welcome, handsOver, howMany) });
    expect(stdout).toBe(shownAs("text"));
    expect(stderr).toMatch(/^Model: offline[^\n]*\n$/);
  });

  it("lines from a pipe make a whole reservation, whose goodbye ends the program: what would follow is not said", async () => {
    const input = "a table, please\nfour\nat 7:30\nyes\none more table\n";
    const { code, stdout } = await run("handoff", [], { input });
    const answers = [welcome, handsOver, howMany, when(4), isRight("4 at 19:30"), reserved("4 at 19:30")];
    expect({ code, stdout }).toEqual({ code: 0, stdout: lines(...answers) });
  });

  it("a question goes back to the greeter, and the flow is resumed where it was, with what it knows", async () => {
    const say = ["a table", "four", "when are you open?", "yes, go on", "seven"];
    const { code, stdout } = await run(
      "handoff",
      say.flatMap((text) => ["--say", text]),
    );
    const open = "greeter: We are open every day from five to eleven. Shall we go on with a table?";
    const answers = [welcome, handsOver, howMany, when(4), open, handsOver, when(4), isRight("4 at 19:00")];
    expect({ code, stdout }).toEqual({ code: 0, stdout: lines(...answers) });
  });

  it("what cannot be is refused, what is wrong is asked again, and goodbye ends the program", async () => {
    const say = ["a table", "40", "5", "at 3", "no, at eight", "no", "6"];
    const { code, stdout } = await run(
      "handoff",
      say.flatMap((text) => ["--say", text]),
    );
    expect(code).toBe(0);
    expect(stdout.split("\n").slice(3)).toEqual([
      "reservations: I am sorry. The largest table seats 12. For how many people may it be?",
      when(5),
      "reservations: I am sorry. Tables are given from 17:00 to 22:00. What other time suits you?",
      isRight("5 at 20:00"),
      howMany,
      when(6),
      "",
    ]);
  });

  it("in a terminal each has a name of its own; Ctrl-C ends the chat, exit 0", async () => {
    const program = Program.inTerminal("handoff", [], { env: { NO_COLOR: "1" } });
    await program.prints(/greeter> Welcome[^\n]*\nyou> $/);
    program.write("a table\r");
    await program.prints(/greeter> Gladly![^\n]*\nreservations> For how many[^\n]*\nyou> $/);
    program.write("\x03");
    expect(await program.exits()).toMatchObject({ code: 0 });
    await program.isGone();
  });

  it("in a terminal each failure is told once, and the chat goes on", async () => {
    model = await startOpenAIServer((_, count) => (count < 3 ? { status: 401 } : { words: ["Better."] }));
    const env = { NO_COLOR: "1", OPENAI_API_KEY: "x", OPENAI_BASE_URL: model.url };
    const program = Program.inTerminal("handoff", [], { env });
    await program.prints(/Error: [^\n]*The fake refuses[^\n]*\nyou> $/);
    program.write("hello\r");
    await program.prints(/you> hello\nError: [^\n]*The fake refuses[^\n]*\nyou> $/);
    program.write("hello?\r");
    await program.prints(/you> hello\?\ngreeter> Better\.\nyou> $/);
    program.write("\x04");
    expect(await program.exits()).toMatchObject({ code: 1 });
  });

  it("--diagram prints the steps of a reservation and needs no model", async () => {
    const { code, stdout, stderr } = await run("handoff", ["--diagram", "--model", "nope/x"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^stateDiagram-v2\n {4}\[\*\] --> people\n {4}people --> time : notePeople\n/);
    expect(stdout).toBe(shownAs("mermaid"));
  });
});

describe("a real model behind both agents", () => {
  it("is offered the tools of the agent that has the conversation, and sees all of it", async () => {
    const { code, stdout } = await converse(["a table for two at seven"], (request) => {
      const last = lastWords(request);
      if (/^Welcome/.test(last)) return { words: ["Good ", "evening."] };
      if (last === "a table for two at seven") return called("reserveTable", {});
      if (/^Tell the user/.test(last)) return { words: ["One moment."] };
      if (/Ask for how many/.test(last)) return called("notePeople", { people: 2 });
      if (/^The table is for 2\./.test(last)) return called("noteTime", { time: "19:00" });
      return { words: ["For two at seven, is that right?"] };
    });
    const said = ["greeter: Good evening.", "greeter: One moment.", "reservations: For two at seven, is that right?"];
    expect({ code, stdout }).toEqual({ code: 0, stdout: lines(...said) });
    expect(model?.requests.map(toolNames)).toEqual([
      ["endConversation", "reserveTable"],
      ["endConversation", "reserveTable"],
      expect.anything(),
      ["askGreeter", "notePeople"],
      ["askGreeter", "noteTime"],
      ["askGreeter", "confirm", "startAgain"],
    ]);
    expect(JSON.stringify(model?.requests.at(-1)?.messages)).toContain("Good evening.");
  });

  it("that fails is one clear message and exit 1", async () => {
    const { code, stdout, stderr } = await converse(["a table", "four"], () => ({ status: 401 }));
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr.match(/^Error: .*$/gm)).toEqual([expect.stringContaining("The fake refuses")]);
    expect(stderr).not.toMatch(/^ {4}at /m);
  });
});

/** The first such block of the example's page. */
function shownAs(language: string): string | undefined {
  const page = "examples/agent-handoff/README.md";
  return codeBlocks(page, readFileSync(`${root}${page}`, "utf8")).find((block) => block.language === language)?.code;
}

async function converse(say: readonly string[], answer: (request: FakeRequest) => FakeAnswer) {
  model = await startOpenAIServer(answer);
  const env = { OPENAI_API_KEY: "x", OPENAI_BASE_URL: model.url };
  return run(
    "handoff",
    say.flatMap((text) => ["--say", text]),
    { env },
  );
}

function called(name: string, args: object): FakeAnswer {
  return { toolCalls: [{ id: `call-${name}`, name, arguments: [JSON.stringify(args)] }] };
}

function toolNames({ tools = [] }: FakeRequest): readonly string[] {
  return tools.map((it) => (it as { readonly function: { readonly name: string } }).function.name).sort();
}

function lastWords({ messages }: FakeRequest): string {
  const content = messages.findLast(({ role }) => role === "user")?.content;
  return typeof content === "string" ? content : JSON.stringify(content);
}
