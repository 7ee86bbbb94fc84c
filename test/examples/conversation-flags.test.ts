import { afterEach, describe, expect, it } from "vitest";
import { endAllPrograms, Program, run } from "./program.ts";

afterEach(endAllPrograms);

describe.each(["handoff", "debate", "progress"] as const)("npm run example:%s", (name) => {
  it("--help names every flag", async () => {
    const program = new Program(["npm", "run", "-s", `example:${name}`, "--", "--help"], {});
    expect(await program.exits()).toMatchObject({ code: 0 });
    expect(program.stderr).not.toMatch(/Error/);
    const flags = ["help", "model", "say", "verbose", ...(name === "handoff" ? ["diagram"] : [])];
    expect([...program.stdout.matchAll(/^ {2}--([a-z-]+)/gm)].map(([, flag]) => flag).sort()).toEqual(flags.sort());
    expect(Math.max(...program.stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(120);
  });

  it.each([
    ["a flag that does not exist", ["--sya", "hi"], /'--sya'.*--help/],
    ["a model of nobody", ["--say", "hi", "--model", "nope/x"], /no provider "nope"/],
  ])("%s is one sentence and exit 2", async (_, args, says) => {
    const { code, stdout, stderr } = await run(name, args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^Error: [^\n]+\.[^\n]*\n$/);
    expect(stderr).toMatch(says);
  });
});
