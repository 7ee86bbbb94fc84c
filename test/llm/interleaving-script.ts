import type { LLMContextMessage } from "trunkline/llm";
import type { ScriptedRequest, ScriptedStep } from "trunkline/testing";
import { developer } from "./conversation.ts";
import { gate } from "./harness.ts";
import type { Play, Part as Step } from "./interleavings.ts";

/** Counts what is said, so that no two words are the same; tools and answers wait here until they are let go. */
export class Script {
  readonly userWords: string[] = [];
  readonly briefings: string[] = [];
  readonly requests: ScriptedRequest[] = [];
  readonly #answers: (readonly Step[])[];
  readonly #waiting: (() => void)[] = [];
  #words = 0;
  #open = false;
  /** How often a node of the flow was entered. */
  tasks = 0;
  /** How many answers called tools. */
  toolTurns = 0;
  /** Activations without words of their own. */
  unowed = 0;
  /** How often somebody was to say some. */
  lastWords = 0;

  constructor(play: Play) {
    this.#answers = [...play.answers];
  }

  userWord(): string {
    const word = `u${this.userWords.length}.`;
    this.userWords.push(word);
    return word;
  }

  briefing(): LLMContextMessage {
    const word = `b${this.briefings.length}.`;
    this.briefings.push(word);
    return developer(word);
  }

  /** What a node of the flow is about. */
  task(): LLMContextMessage {
    this.tasks += 1;
    return developer(`n${this.tasks}.`);
  }

  wait(): Promise<void> {
    if (this.#open) return Promise.resolve();
    const { promise, open } = gate();
    this.#waiting.push(open);
    return promise;
  }

  letGo(which: number): void {
    this.#waiting.splice(which, 1)[0]?.();
  }

  letAllGo(): void {
    this.#open = true;
    for (const open of this.#waiting.splice(0)) open();
  }

  answer(request: ScriptedRequest, name: string): readonly ScriptedStep[] {
    this.requests.push(request);
    const parts = this.#answers.shift() ?? ["word"];
    if (parts.some((part) => part !== "word" && part !== "wait")) this.toolTurns += 1;
    return parts.map((part) => {
      if (part === "word") return `${name}${this.#words++}. `;
      if (part === "wait") return { wait: this.wait() };
      return { call: part, id: `${name}-call-${this.#words++}` };
    });
  }
}
