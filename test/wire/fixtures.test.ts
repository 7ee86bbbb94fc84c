import { describe, expect, it } from "vitest";
import { BusFrameMessage } from "../../src/bus/index.ts";
import { LLMContext, LLMContextFrame, SystemFrame } from "../../src/frames/index.ts";
import { vocabularyOf } from "../../src/wire/dialect.ts";
import { frameTypes } from "../../src/wire/frame-types.ts";
import { JSONMessageSerializer } from "../../src/wire/index.ts";
import { messageTypes } from "../../src/wire/message-types.ts";
import { pipecatMessageTypes } from "../../src/wire/pipecat-types.ts";
import { dialects, relay, textOf } from "./captures.ts";
import * as differences from "./differences.ts";
import { type Fixture, fixtureFile, meaning, refusalOf, shortName } from "./fixtures.ts";

const files = dialects.map(fixtureFile);
const fixtures = files.flatMap((file) => file.fixtures);
const read = fixtures.filter((fixture) => refusalOf(fixture) === undefined);
const refused = fixtures.filter((fixture) => refusalOf(fixture) !== undefined);
const titled = (list: readonly Fixture[]) =>
  list.map((fixture) => [`${fixture.dialect}: ${shortName(fixture.type)}, ${fixture.case}`, fixture] as const);

interface Envelope {
  readonly __type__: string;
  readonly __data__: Readonly<Record<string, unknown>>;
}

/** What a fixture is about: the message, or the frame in it. */
function subject(text: string, type: string): Envelope {
  const envelope = JSON.parse(text) as Envelope;
  return envelope.__type__ === type ? envelope : (envelope.__data__.frame as Envelope);
}

function there({ dialect, text }: Fixture) {
  const serializer = relay(dialect);
  const message = serializer.deserialize(new TextEncoder().encode(text));
  if (message === undefined) throw new Error(JSON.stringify(serializer.lastRejection));
  return { message, again: textOf(serializer.serialize(message)) };
}

describe("every type, as the packages' own serializers write it", () => {
  it.each(titled(read))("%s: says the same when we send it on", (_, fixture) => {
    const { again } = there(fixture);
    expect(meaning(JSON.parse(again))).toEqual(meaning(JSON.parse(fixture.text)));
  });

  it.each(titled(refused))("%s: is refused", (_, fixture) => {
    const serializer = relay(fixture.dialect);
    expect(serializer.deserialize(fixture.text)).toBeUndefined();
    expect(serializer.lastRejection).toMatchObject(refusalOf(fixture)?.rejection ?? {});
  });

  it("only what has tags in its user data is not sent on by default", () => {
    const refusing = read.filter((fixture) => {
      const serializer = new JSONMessageSerializer({ dialect: fixture.dialect });
      try {
        serializer.serialize(there(fixture).message);
        return false;
      } catch (error) {
        expect(error).toMatchObject({ code: "TL_VALUE_UNSENDABLE", message: expect.stringContaining("__type__") });
        return true;
      }
    });
    expect([...new Set(refusing.map((fixture) => fixture.case))].toSorted()).toEqual(differences.tagged);
  });

  it("what no interruption drops there, none drops here", () => {
    const kinds = new Set<string>();
    for (const fixture of read) {
      const { message } = there(fixture);
      if (!(message instanceof BusFrameMessage)) continue;
      const { frame } = message;
      const theirs = subject(fixture.text, fixture.type).__data__.interruptible;
      if (theirs === false) expect(frame.interruptible, fixture.type).toBe(false);
      else if (!frame.interruptible && !(frame instanceof SystemFrame) && fixture.case.endsWith(" fields")) {
        kinds.add(shortName(fixture.type));
      }
    }
    expect([...kinds]).toEqual(Object.keys(differences.keptHere));
  });

  it.each(dialects)("%s: a conversation without tools arrives as one", (dialect) => {
    const serializer = new JSONMessageSerializer({ dialect });
    const frame = new LLMContextFrame({ context: new LLMContext() });
    const bytes = serializer.serialize(new BusFrameMessage({ source: "a", frame, direction: "downstream" }));
    // A peer of "subagents" beside a newer pipecat cannot build a conversation whose list of tools is not there.
    const written = JSON.parse(textOf(bytes)).__data__.frame.__data__.context.__data__;
    expect(written).toEqual(dialect === "subagents" ? { messages: [], tools: [] } : { messages: [] });
    const arrived = (serializer.deserialize(bytes) as BusFrameMessage).frame as LLMContextFrame;
    expect(arrived.context.tools).toBeUndefined();
  });

  it("what a tool call came to is carried whole", () => {
    const carried = (type: string) => {
      const fixture = read.find((one) => one.type.endsWith(`.${type}`) && one.case === "all fields") as Fixture;
      return (there(fixture).message as BusFrameMessage).frame;
    };
    expect(carried("FunctionCallResultFrame")).toMatchObject({ error: "boom", runLlm: false });
    expect(carried("FunctionCallCancelFrame")).toMatchObject({ runLlm: true });
  });

  it("numbers are exact up to 2^53, and texts are the same code units", () => {
    const payload = (name: string) => {
      const fixture = read.find((one) => one.case === name);
      if (fixture === undefined) throw new Error(`no fixture ${name}`);
      return there(fixture).message as unknown as { readonly payload: Readonly<Record<string, unknown>> };
    };
    expect(payload("half a pair of surrogates").payload).toEqual({ half: "\ud83d" });
    expect(payload("numbers beyond 2^53").payload.big).toBe(2 ** 53);
    const whole = read.find((one) => one.type.endsWith("RequestMessage") && one.case === "all fields") as Fixture;
    expect(there(whole).message).toMatchObject({
      payload: { text: 'Grüße 👋 \u2028 "quoted" \\ \x00\x7f', nothing: null, big: [2 ** 53 - 1, 1 - 2 ** 53] },
    });
  });
});

describe.each(files)("the fixtures of $dialect", ({ dialect, versions, unset, others, fixtures: own }) => {
  const types = new Set(own.map(({ type }) => type));

  it("say which versions wrote them", () => {
    expect(Object.keys(versions)).toContain(dialect === "pipecat" ? "pipecat-ai" : "pipecat-ai-subagents");
  });

  it("have every type that we know and they know, with all fields and with the required ones", () => {
    const known = [
      ...messageTypes(vocabularyOf(dialect)),
      ...(dialect === "pipecat" ? pipecatMessageTypes() : []),
      ...frameTypes(),
    ].map(({ name }) => name);
    const shared = known.filter((name) => !Object.hasOwn(differences.oursAlone, name));
    expect(shared.toSorted()).toEqual([...types].toSorted());
    for (const type of types) {
      const cases = own.filter((fixture) => fixture.type === type).map((fixture) => fixture.case);
      expect(cases, type).toEqual(expect.arrayContaining(["required fields", "all fields"]));
    }
  });

  it("set every field that a wire can carry", () => {
    expect(unset).toEqual(differences.neverSet);
  });

  it("leave out no type without a reason", () => {
    const reasons = Object.values(differences.typesNotCarried).flatMap((names) => names.split(/\s+/));
    expect(new Set(reasons).size).toBe(reasons.length);
    const names = others.map((type) => shortName(type).replace(/Frame$/, ""));
    expect(names.filter((name) => !reasons.includes(name))).toEqual([]);
  });
});

describe("the differences", () => {
  const all = new Set(files.flatMap(({ others }) => others.map((type) => shortName(type).replace(/Frame$/, ""))));

  it("have no type that they no longer have", () => {
    const reasons = Object.values(differences.typesNotCarried).flatMap((names) => names.split(/\s+/));
    expect(reasons.filter((name) => !all.has(name))).toEqual([]);
  });

  const lost = Object.entries(differences.notCarried).flatMap(([type, fields]) =>
    Object.keys(fields).map((field) => ({ type, field })),
  );
  it.each(lost)("$field of $type is written there and not here", ({ type, field }) => {
    const saying = read.filter((fixture) => parts(fixture.text, type, field) > 0);
    expect(saying.length).toBeGreaterThan(0);
    for (const fixture of saying) expect(parts(there(fixture).again, type, field), fixture.type).toBe(0);
  });
});

/** In how many objects of a type a field is, with more in it than nothing. */
function parts(text: string, type: string, field: string): number {
  let count = 0;
  JSON.parse(text, (_, value) => {
    const { __type__: name, __data__: data } = (value ?? {}) as Partial<Envelope>;
    if (typeof name !== "string" || typeof data !== "object") return value;
    const fits = type === "every message" ? name.includes(".bus.") : shortName(name) === type;
    const part = fits ? data[field] : undefined;
    if (part !== undefined && JSON.stringify(part) !== "{}") count += 1;
    return value;
  });
  return count;
}
