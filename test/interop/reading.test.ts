import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import {
  BusAgentGoneMessage,
  type BusMessage,
  BusRunnerHeartbeatMessage,
  JSONMessageSerializer,
  type WireDialect,
} from "trunkline";
import { expect, it } from "vitest";
import { tagged } from "../wire/differences.ts";
import { type Fixture, fixtureFile, meaning, refusalOf } from "../wire/fixtures.ts";
import { pythonOf } from "./packages.ts";
import { scenarios } from "./scenarios.ts";

/** What became of a message of ours there. */
interface Read {
  /** Its class; null where there is none. */
  readonly message?: string | null;
  readonly frame?: string | null;
  /** What their serializer writes for the object it has read. */
  readonly again?: string;
  /** What their deserializer raised. */
  readonly error?: string;
}

const program = fileURLToPath(new URL("python/fixtures.py", import.meta.url));

const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** What their deserializer makes of each of the messages. */
function readThere(dialect: WireDialect, texts: readonly string[]): readonly Read[] {
  const input = `${texts.join("\n")}\n`;
  const { status, stdout, stderr } = spawnSync(pythonOf(dialect), [program, "--dialect", dialect, "--read"], {
    input,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`The peer's program ended with ${status}.\n${stderr}`);
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Read);
}

interface Sent {
  readonly fixture: Fixture;
  readonly ours: string;
}

/** Every type in our own words: read from their fixtures, so that it is an object of ours, and written by us. */
function everyType(dialect: WireDialect): readonly Sent[] {
  const serializer = new JSONMessageSerializer({ dialect });
  return fixtureFile(dialect)
    .fixtures.filter((fixture) => refusalOf(fixture) === undefined && !tagged.includes(fixture.case))
    .map((fixture) => ({
      fixture,
      ours: textOf(serializer.serialize(serializer.deserialize(fixture.text) as BusMessage)),
    }));
}

scenarios("every type of ours is read by theirs", ({ dialect }) => {
  it("as an object of its class, with the values of its fields", () => {
    const sent = everyType(dialect);
    const ours = readThere(
      dialect,
      sent.map((one) => one.ours),
    );
    const theirs = readThere(
      dialect,
      sent.map((one) => one.fixture.text),
    );
    expect(ours).toHaveLength(sent.length);
    for (const [index, { fixture, ours: text }] of sent.entries()) {
      const what = `${fixture.type}, ${fixture.case}`;
      const { message, frame, again, error } = ours[index] as Read;
      expect(error, what).toBeUndefined();
      expect(fixture.type.includes(".frames.frames.") ? frame : message, what).toBe(fixture.type);
      // Written by one serializer, two objects differ where a field got lost or got another value. Some of what theirs
      // writes it cannot read; then what it has written has to do.
      const expected = theirs[index]?.again ?? fixture.text;
      expect(meaning(JSON.parse(again ?? "null")), what).toEqual(meaning(JSON.parse(expected)));
      expect(meaning(JSON.parse(text)), what).toEqual(meaning(JSON.parse(fixture.text)));
    }
  });

  it("or as none, and nothing breaks, where only ours know the type", () => {
    const serializer = new JSONMessageSerializer({ dialect });
    const messages = [
      new BusAgentGoneMessage({ source: "a", runner: "r", agents: ["a"], reason: "why" }),
      new BusRunnerHeartbeatMessage({ source: "r", runner: "r", intervalMs: 1_000 }),
    ];
    const read = readThere(
      dialect,
      messages.map((message) => textOf(serializer.serialize(message))),
    );
    expect(read).toEqual(messages.map(() => ({ message: null })));
  });
});
