import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { codeBlocks } from "../../scripts/markdown.ts";
import { type OpenAIServer, startOpenAIServer } from "../llm/openai-server.ts";
import { endAllPrograms, Program, root, run } from "./program.ts";

const page = "examples/task-progress/README.md";
let model: OpenAIServer | undefined;

afterEach(async () => {
  await endAllPrograms();
  await model?.close();
  model = undefined;
});

describe("a long job that another agent does", () => {
  it("--say: a line for every tenth on stderr, the result on stdout, exit 0, as the example's page shows it", async () => {
    const { code, stdout, stderr } = await run("progress", ["--say", "render 20 frames"]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "Done: 20 frames, 0.8 seconds of film.\n" });
    const [chosen, ...progress] = stderr.trimEnd().split("\n");
    expect(chosen).toMatch(/^Model: offline/);
    const shown = codeBlocks(page, readFileSync(`${root}${page}`, "utf8")).find(({ language }) => language === "text");
    expect(shown?.code).toBe(`${progress.join("\n")}\n${stdout}`);
    expect(progress).toEqual([2, 4, 6, 8, 10, 12, 14, 16, 18, 20].map((done) => `${done} of 20 frames`));
  });

  it("lines from a pipe are jobs one after the other, until goodbye", async () => {
    const { code, stdout, stderr } = await run("progress", [], { input: "hello\n3 frames\n2 frames\nbye\n4 frames\n" });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^I am only the offline model\.[^\n]*\nDone: 3 [^\n]*\nDone: 2 [^\n]*\nGoodbye[^\n]*\n$/);
    expect(stderr.match(/^\d+ of .*$/gm)).toEqual([
      "1 of 3 frames",
      "2 of 3 frames",
      "3 of 3 frames",
      "1 of 2 frames",
      "2 of 2 frames",
    ]);
  });

  it("Ctrl-C cancels it and says how far it came, exit 130", async () => {
    const program = Program.start("progress", ["--say", "render 200 frames"], {});
    await program.prints("20 of 200 frames\n");
    program.signalGroup("SIGINT");
    const { code, afterMs } = await program.exits();
    expect(code).toBe(130);
    expect(afterMs).toBeLessThan(1_000);
    expect(program.stderr).toMatch(/\nCancelled after \d\d of 200 frames\.\n$/);
    expect(program.stdout).toBe("");
    await program.isGone();
  });
});

describe("a long job in a terminal", () => {
  it("has a bar, and no key but c does anything: it cancels the job, and the chat goes on", async () => {
    const program = await chat();
    program.write("render 10000 frames\r");
    await program.prints(/\n\[-{30}\] \d+ of 10000 frames, c cancels$/);
    program.write("xyz\rc");
    await program.prints(/\nassistant> I have stopped\. \d+ of 10000 frames are done\.\nyou> $/);
    expect(program.screen).toMatch(/c cancels\nCancelled after \d+ of 10000 frames\.\nassistant>/);
    program.write("render 2 frames\r");
    await program.prints(/\n\[#{30}\] 2 of 2 frames, c cancels\nassistant> Done: 2 frames[^\n]*\nyou> $/);
    program.write("bye\r");
    expect(await program.exits()).toMatchObject({ code: 0 });
    await program.isGone();
  });

  it("is cancelled by Ctrl-C, exit 130", async () => {
    const program = await chat();
    program.write("render 10000 frames\r");
    await program.prints(/ of 10000 frames, c cancels$/);
    program.write("\x03");
    expect(await program.exits()).toMatchObject({ code: 130 });
    expect(program.screen).toMatch(/c cancels\nCancelled after \d+ of 10000 frames\.\n$/);
    await program.isGone();
  });

  it("Ctrl-C where no job runs ends the chat, exit 0", async () => {
    const program = await chat();
    program.write("\x03");
    expect(await program.exits()).toMatchObject({ code: 0 });
    expect(program.screen).not.toContain("Cancelled");
  });
});

describe("a real model that has a job done", () => {
  it("calls the tool and is told the result", async () => {
    model = await startOpenAIServer((_, count) =>
      count === 1
        ? { toolCalls: [{ id: "call-1", name: "startJob", arguments: ['{"frames":', "3}"] }] }
        : { words: ["All ", "three."] },
    );
    const env = { OPENAI_API_KEY: "x", OPENAI_BASE_URL: model.url };
    const { code, stdout } = await run("progress", ["--say", "three frames, please"], { env });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "All three.\n" });
    expect(JSON.stringify(model.requests[1]?.messages.at(-1))).toContain('\\"frames\\":3');
  });
});

async function chat(): Promise<Program> {
  const program = Program.inTerminal("progress", [], { env: { NO_COLOR: "1" } });
  await program.prints(/you> $/);
  return program;
}
