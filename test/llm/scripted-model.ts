import { ScriptedModel as PublicScriptedModel, type ScriptedRequest, type ScriptedStep } from "trunkline/testing";

/** One thing a scripted model does in an answer; text is streamed as it is. */
export type Step = ScriptedStep;

/** The public one in the words of these tests; not every one of them hears every answer. */
export class ScriptedModel extends PublicScriptedModel {
  constructor(...answers: readonly (readonly Step[])[]) {
    super(answers);
  }

  get asked(): readonly ScriptedRequest[] {
    return this.requests;
  }

  /** What the model was asked last, message by message. */
  get lastPrompt(): ScriptedRequest["prompt"] {
    return this.requests.at(-1)?.prompt ?? [];
  }
}
