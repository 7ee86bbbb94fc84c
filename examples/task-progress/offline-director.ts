import type { LanguageModel } from "trunkline/llm";
import { offlineModel } from "../support/offline-model.ts";

/** The director's model where there is no real one. */
export function offlineDirector(): LanguageModel {
  return offlineModel({
    rules: [
      {
        resultOf: "startJob",
        say: ({ cancelled, done, of, frames, seconds, error }) => {
          if (error !== undefined) return `That did not work: ${error}`;
          if (cancelled === true) return `I have stopped. ${done} of ${of} frames are done.`;
          return `Done: ${frames} frames, ${seconds} seconds of film.`;
        },
      },
      { when: /^say goodbye/i, say: ["Goodbye, see you at the premiere!"] },
      { when: /\b(good ?bye|bye)\b/i, call: { tool: "endConversation", args: {} } },
      { when: /(\d+)/, call: { tool: "startJob", args: ([frames]) => ({ frames: Number(frames) }) } },
    ],
    otherwise: 'I am only the offline model. Say how many frames you want, as in "render 20 frames".',
  });
}
