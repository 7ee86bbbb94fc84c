import { afterEach, describe, expect, it } from "vitest";
import { endAllPrograms, Program } from "./program.ts";

afterEach(endAllPrograms);

describe("the two programs by hand", () => {
  it("each connection is a conversation of its own, and the assistant outlives them", async () => {
    const { assistant, url } = await startAssistant();
    const [first, second] = [talkTo(url), talkTo(url)];
    await Promise.all([first.prints("Welcome to Acme"), second.prints("Welcome to Acme")]);
    first.write("boots\n");
    await first.prints("$299");
    second.write("paint\n");
    await second.prints("$49 a can, and");
    first.write("goodbye\n");
    expect(await first.exits()).toMatchObject({ code: 0 });
    second.write("tornado\n");
    await second.prints("$199, batteries included");
    second.endInput();
    expect(await second.exits()).toMatchObject({ code: 0 });
    expect(first.stdout).not.toContain("$49");
    expect(second.stdout).not.toMatch(/\$299|Goodbye/);

    const third = talkTo(url, ["--say", "boots"]);
    expect(await third.exits()).toMatchObject({ code: 0 });
    expect(third.stdout).toContain("$299");
    expect(assistant.stderr).not.toMatch(/Error/);
  });

  it.each(["SIGTERM", "SIGINT"] as const)(
    "%s ends the assistant within a second, exit 0, also with sessions open",
    async (signal) => {
      const { assistant, url } = await startAssistant();
      const main = talkTo(url);
      await main.prints("Welcome to Acme");
      assistant.signal(signal, "assistant");
      const { code, afterMs } = await assistant.exits();
      expect(code).toBe(0);
      expect(afterMs).toBeLessThan(1_000);
      expect(assistant.stderr).not.toMatch(/Error|\n {4}at /);
      // It waits a while for the assistant to come back.
      await main.exits(8_000);
      await main.isGone();
    },
  );

  it("a main program that is killed leaves the assistant ready for the next", async () => {
    const { assistant, url } = await startAssistant();
    const main = talkTo(url);
    await main.prints("Welcome to Acme");
    main.signal("SIGKILL", "main");
    await main.exits();
    const health = new URL("/health", url.replace("ws:", "http:"));
    await expect.poll(async () => (await fetch(health)).json(), { timeout: 5_000 }).toMatchObject({ sessions: 0 });
    const next = talkTo(url, ["--say", "boots"]);
    expect(await next.exits()).toMatchObject({ code: 0 });
    expect(next.stdout).toContain("$299");
    expect(assistant.hasExited).toBe(false);
  });
});

async function startAssistant() {
  const assistant = Program.start("assistant", ["--port", "0"]);
  await assistant.prints(/listens on ws:\S+\n/);
  const url = /listens on (ws:\S+)/.exec(assistant.stderr)?.[1] ?? "";
  return { assistant, url };
}

function talkTo(url: string, args: readonly string[] = []): Program {
  return Program.start("main", ["--remote-agent-url", url, ...args], { input: "open" });
}
