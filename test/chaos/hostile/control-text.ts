import type { Dice } from "../dice.ts";

const secrets = [
  "AAAAAAAAAAAAAAAAAAAAAA",
  "_-_-_-_-_-_-_-_-_-_-_-",
  "short",
  "",
  "AAAAAAAAAAAAAAAAAAAAA=",
  "AAAAAAAAAAAAAAAAAAAAAAA",
];
const numbers = [
  ...["0", "1", "2", "3", "64", "65", "1000", "4294967296", "9007199254740990", "9007199254740991", "9007199254740992"],
  ...["-1", "-0", "0.5", "1e3", "1e400", "1e-7", "NaN", '"1"', "null", "true", "[1]", "{}"],
];
const kinds = ["hello", "welcome", "resumed", "ack", "skip", "bye", "away"];
const otherKinds = ["hi", "constructor", "__proto__", "toString", "ACK", ""];
const reasons = ["expired", "unknown", "overflow", "pressure", "mismatch", "refused", "because", "__proto__"];

/** What a peer knows of a session, to say it again where it fits, or nearly. */
export interface Known {
  sid?: string | undefined;
  token?: string | undefined;
  /** About how many frames the other side has sent. */
  sent: number;
}

/** Writes control objects: some right, some nearly right, some not at all. */
export class ControlText {
  readonly #dice: Dice;

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  /** One for somewhere in a session. */
  any({ sid, token, sent }: Known): string {
    const dice = this.#dice;
    if (dice.chance(0.3)) return this.ack(sent);
    const kind = dice.chance(0.95) ? dice.pick(kinds) : dice.pick(otherKinds);
    const all: Record<string, string> = {
      v: dice.chance(0.9) ? "1" : this.#number(),
      sid: dice.chance(0.3) ? "null" : JSON.stringify(sid ?? dice.pick(secrets)),
      token: JSON.stringify(token ?? dice.pick(secrets)),
      received: this.#count(sent),
      count: this.#count(5),
      windowMs: this.#number(),
      heartbeatMs: this.#number(),
      max: `{"frame":${this.#number()},"messages":${this.#number()},"bytes":${this.#number()}}`,
      retryMs: dice.pick(["[0,1]", "[5,1]", "[0]", "[]", `[${this.#number()},${this.#number()}]`, "null"]),
    };
    if (dice.chance(0.2)) all.lost = JSON.stringify(dice.pick(reasons));
    if (dice.chance(0.05)) all.padding = JSON.stringify("x".repeat(dice.pick([10, 4_000, 5_000])));
    const fields = Object.entries(all).filter(() => dice.chance(0.95));
    if (dice.chance(0.05)) fields.push(["__proto__", '{"t":"bye"}']);
    return `{"t":${JSON.stringify(kind)},${fields.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",")}}`;
  }

  ack(sent: number): string {
    return `{"t":"ack","received":${this.#count(sent)}}`;
  }

  hello({ sid, token, sent }: Known): string {
    const back = sid !== undefined && token !== undefined && this.#dice.chance(0.8);
    if (!back) return '{"t":"hello","v":1,"sid":null,"received":0}';
    return `{"t":"hello","v":1,"sid":"${sid}","token":"${token}","received":${this.#count(sent)}}`;
  }

  welcome(windowMs: number): string {
    const [sid, token] = [this.secret(), this.secret()];
    const max = '{"frame":1048576,"messages":2048,"bytes":4194304}';
    return `{"t":"welcome","sid":"${sid}","token":"${token}","windowMs":${windowMs},"max":${max},"heartbeatMs":10000}`;
  }

  resumed(sent: number): string {
    return `{"t":"resumed","received":${this.#count(sent)},"token":"${this.secret()}"}`;
  }

  secret(): string {
    const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    return Array.from({ length: 22 }, () => letters[this.#dice.below(letters.length)]).join("");
  }

  /** Mostly one that might be right. */
  #count(around: number): string {
    return this.#dice.chance(0.85) ? String(this.#dice.below(around + 1)) : this.#number();
  }

  #number(): string {
    return this.#dice.pick(numbers);
  }
}
