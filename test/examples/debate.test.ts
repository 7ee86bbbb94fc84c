import { afterEach, describe, expect, it } from "vitest";
import { deferred } from "../../src/util/index.ts";
import { type FakeAnswer, type FakeRequest, type OpenAIServer, startOpenAIServer } from "../llm/openai-server.ts";
import { endAllPrograms, Program, run } from "./program.ts";

const opened: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  await endAllPrograms();
  for (const close of opened.splice(0)) await close();
});

const debaters = ["optimist", "skeptic", "historian"];

describe("three agents that are asked at once", () => {
  it("--say: are all heard, then the moderator sums up what they said, exit 0", async () => {
    const { code, stdout, stderr } = await run("debate", ["--say", "Should cats rule?"]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^Model: offline[^\n]*\n$/);
    const speakers: readonly string[] = stdout.match(/^\w+(?=: )/gm) ?? [];
    const sentencesOf = (name: string) => speakers.filter((speaker) => speaker === name).length;
    expect(debaters.map(sentencesOf)).toEqual([4, 3, 3]);
    expect(speakers.indexOf("moderator")).toBe(10);
    expect(stdout).toContain('optimist: "Should cats rule?"\n');
    expect(stdout).toMatch(/moderator: [^\n]*The historian ended with: Then it ended\.\n$/);
  });

  it("are heard while they speak, whoever speaks", async () => {
    const rest = new Map(debaters.map((name) => [name, deferred()]));
    const restOf = (name: string) => rest.get(name) ?? deferred();
    const program = await debate((request, name) => {
      if (name !== undefined) return { words: [`I am the ${name}. `, "And"], hold: restOf(name).promise };
      return hasResult(request) ? { words: ["That was all."] } : asksThem;
    });
    for (const name of debaters) await program.prints(`${name}: I am the ${name}.\n`);
    expect(program.stdout).not.toContain("And");
    for (const name of ["historian", "optimist", "skeptic"]) {
      restOf(name).resolve();
      await program.prints(`${name}: And\n`);
    }
    expect(await program.exits()).toMatchObject({ code: 0 });
    expect(program.stdout).toMatch(/moderator: That was all\.\n$/);
  });

  it("one who fails does not silence the others, and is told of in the exit code", async () => {
    const failed = deferred();
    const program = await debate((request, name) => {
      if (name === "skeptic") return { status: 401 };
      if (name !== undefined) return { words: [`I am the ${name}.`, " And"], hold: failed.promise };
      return hasResult(request) ? { words: ["Two have spoken."] } : asksThem;
    });
    await program.prints("The fake refuses");
    failed.resolve();
    expect(await program.exits()).toMatchObject({ code: 1 });
    expect(program.stdout).toContain("optimist: I am the optimist.\n");
    expect(program.stdout).toContain("historian: I am the historian.\n");
    expect(program.stdout).toMatch(/moderator: Two have spoken\.\n$/);
    expect(program.stderr.match(/^Error: .*$/gm)).toEqual([expect.stringContaining("The fake refuses")]);
    expect(JSON.stringify(requests().at(-1)?.messages.at(-1))).toContain('\\"absent\\":[\\"skeptic\\"]');
  });

  it("Ctrl-C stops all three in the middle of a sentence, exit 130", async () => {
    const never = deferred();
    const program = await debate((_, name) =>
      name === undefined ? asksThem : { words: [`I am the ${name}. `, "And"], hold: never.promise },
    );
    for (const name of debaters) await program.prints(`${name}: I am the ${name}.\n`);
    program.signalGroup("SIGINT");
    const { code, afterMs } = await program.exits();
    never.resolve();
    expect(code).toBe(130);
    expect(afterMs).toBeLessThan(1_000);
    expect(program.stderr).toMatch(/\nThe debate was broken off\.\n$/);
    expect(program.stdout).not.toContain("moderator:");
    await program.isGone();
  });
});

describe("questions one after the other", () => {
  it("are debated by agents that remember what they have said themselves, and nothing of the others", async () => {
    const program = await debate(
      (request, name) => {
        if (name !== undefined) return { words: [`I am the ${name}.`] };
        return hasResult(request) ? { words: ["That was all."] } : asksThem;
      },
      ["Should cats rule?", "Are you sure?"],
    );
    expect(await program.exits()).toMatchObject({ code: 0 });
    const [first, second] = requests().filter(({ messages }) => debaterOf(messages) === "skeptic");
    expect(first?.messages.map(({ role }) => role)).toEqual(["system", "user"]);
    expect(second?.messages.map(({ role }) => role)).toEqual(["system", "user", "assistant", "user"]);
    expect(JSON.stringify(second?.messages)).toContain("I am the skeptic.");
    expect(JSON.stringify(second?.messages)).not.toMatch(/I am the (optimist|historian)/);
  });

  it("come from a pipe, and goodbye ends the program", async () => {
    const { code, stdout } = await run("debate", [], { input: "Should cats rule?\nAnd dogs?\nbye\nAnd mice?\n" });
    expect(code).toBe(0);
    expect(stdout.match(/^moderator: /gm)).toHaveLength(3);
    expect(stdout).toContain('optimist: "And dogs?"\n');
    expect(stdout).toMatch(/moderator: Goodbye[^\n]*\n$/);
    expect(stdout).not.toContain("mice");
  });
});

const asksThem: FakeAnswer = {
  toolCalls: [{ id: "call-1", name: "debate", arguments: ['{"question":', '"Should cats rule?"}'] }],
};

let requests: () => readonly FakeRequest[] = () => [];

/** A debate whose models are one server; it is told which debater asks, or nobody for the moderator. */
async function debate(
  answer: (request: FakeRequest, debater: string | undefined) => FakeAnswer,
  say: readonly string[] = ["Should cats rule?"],
): Promise<Program> {
  const server: OpenAIServer = await startOpenAIServer((request) => answer(request, debaterOf(request.messages)));
  opened.push(() => server.close());
  requests = () => server.requests;
  const env = { OPENAI_API_KEY: "x", OPENAI_BASE_URL: server.url };
  return Program.start(
    "debate",
    say.flatMap((text) => ["--say", text]),
    { env },
  );
}

function debaterOf([first]: FakeRequest["messages"]): string | undefined {
  const [, name] = /You are the (\w+) of a debate/.exec(JSON.stringify(first)) ?? [];
  return name === "moderator" ? undefined : name;
}

function hasResult({ messages }: FakeRequest): boolean {
  return messages.at(-1)?.role === "tool";
}
