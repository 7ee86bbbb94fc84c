import type { RejectedData } from "trunkline";
import type { ScriptedAnswer } from "trunkline/testing";
import type { FakeAnswer } from "../llm/openai-server.ts";

export const acmeName = "acme";
export const assistantName = "assistant";

/** What the assistant is activated with. */
export const welcome = {
  messages: [{ role: "developer", content: "Welcome the user to Acme. Grüße 👋" }],
  runLlm: true,
} as const;

/** One answer of the assistant's model. */
export interface Answer {
  /** Its text, chunk by chunk. */
  readonly words?: readonly string[];
  /** Holds the answer up behind its words. */
  readonly hold?: Promise<unknown>;
  readonly call?: { readonly id: string; readonly name: string; readonly args: Readonly<Record<string, unknown>> };
}

/** The same answer from a server of OpenAI's API, with the arguments in two pieces. */
export function asServed({ words, hold, call }: Answer): FakeAnswer {
  const json = JSON.stringify(call?.args);
  const pieces = call === undefined ? [] : [json.slice(0, 5), json.slice(5)];
  return {
    ...(words !== undefined && { words }),
    ...(hold !== undefined && { hold }),
    ...(call !== undefined && { toolCalls: [{ id: call.id, name: call.name, arguments: pieces }] }),
  };
}

/** The same answer from a scripted model. */
export function asScripted({ words = [], hold, call }: Answer): ScriptedAnswer {
  return [
    ...words,
    ...(hold === undefined ? [] : [{ wait: hold }]),
    ...(call === undefined ? [] : [{ call: call.name, args: call.args, id: call.id }]),
  ];
}

/** A tool that ran at the assistant. */
export interface ToolRun {
  readonly name: string;
  readonly arguments: unknown;
}

/** A frame that reached the user: the name of its class and the text, where it has one. */
export interface Heard {
  readonly type: string;
  readonly text: string | undefined;
}

/** The main program here and the assistant there, or the other way round, in the middle of a conversation. */
export interface Example extends AsyncDisposable {
  say(text: string): Promise<void>;
  interrupt(): Promise<void>;
  /** What has reached the user so far. */
  readonly heard: readonly Heard[];
  /** The conversation as the main program keeps it. */
  conversation(): Promise<readonly unknown[]>;
  /** Arguments of the activations that the assistant saw. */
  readonly activations: readonly unknown[];
  readonly toolRuns: readonly ToolRun[];
  /** How often the model was asked. */
  readonly asked: number;
  /** How many of the model's answers were broken off. */
  readonly brokenOff: number;
  /** What our proxy did not let through. */
  readonly rejected: readonly RejectedData[];
  /** How often our side was told of the end of the link. */
  readonly ends: number;
  /** How often their program said that its conversation was over. */
  readonly theirEnds: number;
  /** What failed on our side. */
  readonly errors: readonly Error[];
  /** What their program has written to stderr. */
  readonly said: string;
}

/** The programs of one package that all conversations of a test file share. */
export interface Stage extends AsyncDisposable {
  /** A new conversation; its model gives these answers. */
  begin(answers: readonly Answer[], options?: ExampleOptions): Promise<Example>;
}

export interface ExampleOptions {
  /** Types that our side relays unread. */
  readonly relayTypes?: readonly string[] | undefined;
}
