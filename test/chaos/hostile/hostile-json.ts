import type { Dice } from "../dice.ts";

const keys = [
  ...["__proto__", "constructor", "prototype", "toString", "__type__", "__data__", "hasOwnProperty", "then", "length"],
  ...["source", "target", "id", "name", "metadata", "payload", "frame", "task_id", "agents", "", "\\u0000", "\\ud800"],
];
const numbers = [
  ...["0", "-0", "1", "-1", "1e400", "-1e400", "1e-400", "9007199254740993", "123456789012345678901234567890", "0.1"],
  ...["4294967296", "-2147483649", "1E+2", "NaN", "Infinity", "01", "0x10", "1.", ".5", "+1", "--1"],
];
const strings = [
  ...["", "acme", "assistant", "gateway", "gateway/outbound", "guard", "eve", "DOWNSTREAM", "SIDEWAYS", "null"],
  ...["\\ud800", "\\udfff\\ud800", "\\u0000", "\\uFFFE", "é", "\u{1F600}", "../../etc/passwd", "%s%n", "<script>"],
  ...["__proto__", "AA==", "A===", "!!!", "completed", "no such status", "2020-01-01", "\\u005f\\u005fproto__"],
];
const tags = [
  "bytes",
  "pipecat.processors.frame_processor.FrameDirection",
  "pipecat_subagents.types.TaskStatus",
  "pipecat_subagents.types.AgentRegistryEntry",
  "builtins.object",
  "os.system",
];

/** Writes JSON, and what is nearly JSON, as nobody who means well would. */
export class HostileJson {
  readonly #dice: Dice;
  readonly #types: readonly string[];
  /** Parts that are still to be written; when it is used up, only short values follow. */
  #budget = 0;

  constructor(dice: Dice, types: readonly string[]) {
    this.#dice = dice;
    this.#types = types;
  }

  /** Any value, of at most about so many parts. */
  value(parts = 30): string {
    this.#budget = parts;
    return this.#value();
  }

  /** A whole message of a known type, or of one that nobody knows. */
  message(): string {
    const dice = this.#dice;
    if (dice.chance(0.02)) return this.#deep();
    if (dice.chance(0.01)) return this.#long();
    this.#budget = dice.between(5, 60);
    const type = dice.chance(0.9) ? JSON.stringify(dice.pick(this.#types)) : this.#value();
    return dice.chance(0.95) ? `{"__type__":${type},"__data__":${this.#fields()}}` : this.#value();
  }

  #fields(): string {
    const dice = this.#dice;
    if (dice.chance(0.05)) return this.#value();
    const fields = [`"source":${dice.chance(0.9) ? this.#string() : this.#value()}`];
    if (dice.chance(0.7)) fields.push(`"target":${dice.chance(0.9) ? this.#string() : this.#value()}`);
    if (dice.chance(0.7)) fields.push(`"task_id":${this.#string()}`);
    if (dice.chance(0.5)) fields.push(`"frame":${this.#tagged()}`);
    if (dice.chance(0.5)) fields.push(`"direction":${this.#tagged()}`);
    if (dice.chance(0.3)) fields.push(`"agents":[${this.#tagged()}]`);
    if (dice.chance(0.3)) fields.push(`"status":${this.#string()}`);
    for (let more = dice.below(6); more > 0; more -= 1) fields.push(this.#member());
    return `{${fields.join(",")}}`;
  }

  #value(): string {
    const dice = this.#dice;
    this.#budget -= 1;
    const kind = this.#budget > 0 ? dice.below(10) : dice.below(5);
    if (kind < 2) return this.#string();
    if (kind < 3) return dice.pick(numbers);
    if (kind < 4) return dice.pick(["true", "false", "null"]);
    if (kind < 5) return dice.pick(["[]", "{}", "[[]]", '{"__proto__":null}', "undefined", "'x'", "[,]", "{,}"]);
    if (kind < 6) return this.#tagged();
    const parts = Array.from({ length: dice.below(6) }, () => (kind < 8 ? this.#value() : this.#member()));
    return kind < 8 ? `[${parts.join(",")}]` : `{${parts.join(",")}}`;
  }

  #tagged(): string {
    const dice = this.#dice;
    this.#budget -= 1;
    const type = dice.pick(dice.chance(0.5) ? tags : this.#types);
    const data = this.#budget > 0 ? this.#value() : this.#string();
    return `{"__type__":"${type}","__data__":${data}}`;
  }

  #member(): string {
    return `"${this.#dice.pick(keys)}":${this.#value()}`;
  }

  #string(): string {
    return `"${this.#dice.pick(strings)}"`;
  }

  #deep(): string {
    const dice = this.#dice;
    const depth = dice.pick([60, 63, 64, 65, 66, 500, 5_000, 50_000]);
    const [open, close] = dice.pick([
      ["[", "]"],
      ['{"a":', "}"],
      ['{"__data__":', "}"],
      ["[", ""],
    ] as const);
    const nest = `${open.repeat(depth)}1${close.repeat(depth)}`;
    return dice.chance(0.5)
      ? nest
      : `{"__type__":"${dice.pick(this.#types)}","__data__":{"source":"acme","payload":${nest}}}`;
  }

  #long(): string {
    const dice = this.#dice;
    const length = dice.pick([1_000, 20_000, 200_000]);
    const filler = dice.pick(["x", "\\u0000", '","', "[],", '{"__proto__":1},', "é", "\\ud800", "0,"]);
    const long = filler.repeat(Math.ceil(length / filler.length));
    const payload = dice.chance(0.5) ? `"${long}"` : `[${long}0]`;
    return `{"__type__":"${dice.pick(this.#types)}","__data__":{"source":"acme","target":"assistant","task_id":"t","payload":${payload}}}`;
  }
}
