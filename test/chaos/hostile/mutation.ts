import type { Dice } from "../dice.ts";
import type { HostileJson } from "./hostile-json.ts";

type Mutation = (bytes: Buffer, dice: Dice) => Buffer;

const tokens = [
  "null",
  "-1",
  "1e999",
  '"__proto__"',
  "{}",
  "[]",
  '"',
  "\\",
  "\\u",
  "\\ud800",
  ",",
  "}",
  "]",
  "__type__",
];
const notUtf8 = [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0x80], [0xef, 0xbb, 0xbf], [0]];

/** Where to cut, and how much. */
function range(bytes: Buffer, dice: Dice, longest: number): readonly [from: number, to: number] {
  const from = dice.below(bytes.length + 1);
  return [from, Math.min(bytes.length, from + dice.below(longest + 1))];
}

const put = (bytes: Buffer, [from, to]: readonly [number, number], what: Uint8Array): Buffer =>
  Buffer.concat([bytes.subarray(0, from), what, bytes.subarray(to)]);

const mutations: readonly Mutation[] = [
  function flipBit(bytes, dice) {
    const copy = Buffer.from(bytes);
    const at = dice.below(Math.max(1, copy.length));
    copy[at] = (copy[at] ?? 0) ^ (1 << dice.below(8));
    return copy;
  },
  function changeByte(bytes, dice) {
    const copy = Buffer.from(bytes);
    copy[dice.below(Math.max(1, copy.length))] = dice.below(256);
    return copy;
  },
  function insertBytes(bytes, dice) {
    const [at] = range(bytes, dice, 0);
    return put(bytes, [at, at], Buffer.from(Array.from({ length: dice.between(1, 8) }, () => dice.below(256))));
  },
  function insertToken(bytes, dice) {
    return put(bytes, range(bytes, dice, 6), Buffer.from(dice.pick(tokens)));
  },
  function insertNoText(bytes, dice) {
    return put(bytes, range(bytes, dice, 2), Buffer.from(dice.pick(notUtf8)));
  },
  function remove(bytes, dice) {
    return put(bytes, range(bytes, dice, 40), Buffer.alloc(0));
  },
  function truncate(bytes, dice) {
    return bytes.subarray(0, dice.below(bytes.length + 1));
  },
  function repeat(bytes, dice) {
    const [from, to] = range(bytes, dice, 60);
    const times = dice.chance(0.02) ? 500 : dice.between(2, 5);
    return put(bytes, [to, to], Buffer.concat(Array.from({ length: times }, () => bytes.subarray(from, to))));
  },
  function changeNumber(bytes, dice) {
    const text = bytes.toString("latin1");
    const places = [...text.matchAll(/\d+/g)];
    if (places.length === 0) return bytes;
    const { 0: digits, index } = dice.pick(places);
    const other = dice.pick([
      "-1",
      "0.5",
      "1e400",
      "9007199254740992",
      "-0",
      "4294967295",
      "1e5",
      `${digits}${digits}`,
    ]);
    return put(bytes, [index, index + digits.length], Buffer.from(other));
  },
];

/** Changes messages that are right into ones that are wrong, somewhere. */
export class Mutator {
  readonly #dice: Dice;
  readonly #json: HostileJson;
  readonly #texts: readonly string[];

  constructor(dice: Dice, json: HostileJson, texts: readonly string[]) {
    this.#dice = dice;
    this.#json = json;
    this.#texts = texts;
  }

  /** One of the messages, changed: its bytes, or the values in it. */
  next(): Uint8Array {
    const dice = this.#dice;
    const text = dice.pick(this.#texts);
    let bytes: Buffer = Buffer.from(dice.chance(0.4) ? this.#withOtherValue(text) : text);
    if (bytes.length > 0 && dice.chance(0.05)) bytes = this.#spliced(bytes);
    for (let more = dice.between(1, 3); more > 0; more -= 1) bytes = dice.pick(mutations)(bytes, dice);
    return bytes;
  }

  /** A value anywhere in the text is another one, or is gone. */
  #withOtherValue(text: string): string {
    const places = [...text.matchAll(/"(?:[^"\\]|\\.)*"(?!:)|-?\d+(?:\.\d+)?|true|false|null/g)];
    if (places.length === 0) return text;
    const { 0: value, index } = this.#dice.pick(places);
    const other = this.#dice.chance(0.1) ? "" : this.#json.value(8);
    return text.slice(0, index) + other + text.slice(index + value.length);
  }

  #spliced(bytes: Buffer): Buffer {
    const other = Buffer.from(this.#dice.pick(this.#texts));
    return Buffer.concat([
      bytes.subarray(0, this.#dice.below(bytes.length)),
      other.subarray(this.#dice.below(other.length)),
    ]);
  }
}
