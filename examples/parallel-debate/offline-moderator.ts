import type { LanguageModel } from "trunkline/llm";
import { offlineModel } from "../support/offline-model.ts";

/** The moderator's model where there is no real one. */
export function offlineModerator(): LanguageModel {
  return offlineModel({
    rules: [
      { resultOf: "debate", say: sumUp },
      { when: /^say goodbye/i, say: ["Goodbye, and think it over!"] },
      { when: /\b(good ?bye|bye)\b/i, call: { tool: "endConversation", args: {} } },
      { when: /.+/s, call: { tool: "debate", args: ([question]) => ({ question }) } },
    ],
    otherwise: "I am only the offline model. Ask a question, and three others debate it.",
  });
}

/** A real model sums up in its own words; this one repeats where each of them ended. */
function sumUp({ absent, error, ...speeches }: Readonly<Record<string, unknown>>): string {
  if (error !== undefined) return `There is no debate today: ${error}`;
  const ends = Object.entries(speeches).map(
    ([name, speech]) => ` The ${name} ended with: ${lastSentence(String(speech))}`,
  );
  const missing = Array.isArray(absent) && absent.length > 0 ? ` We have not heard the ${absent.join(", the ")}.` : "";
  return `That was the debate.${ends.join("")}${missing}`;
}

function lastSentence(speech: string): string {
  return /[^.!?]+[.!?]?$/.exec(speech.trim())?.[0].trim() ?? "";
}
