import type { LanguageModel } from "trunkline/llm";
import { offlineModel } from "../support/offline-model.ts";

const colours = ["red", "orange", "gold", "green", "teal", "blue", "purple", "pink", "gray", "white"];

/** The assistant's model where there is no real one: it knows a few colours, and says what its tools found. */
export function offlinePageModel(): LanguageModel {
  return offlineModel({
    rules: [
      {
        when: /^welcome/i,
        say: ["Welcome! I live on the server. Ask me to paint this page, or what you have selected in it."],
      },
      { when: /select|marked/i, call: { tool: "readSelection", args: {} } },
      {
        when: new RegExp(`\\b(${colours.join("|")})\\b`, "i"),
        call: { tool: "paintPage", args: ([colour = ""]) => ({ colour: colour.toLowerCase() }) },
      },
      { resultOf: "paintPage", say: ({ colour, error }) => failed(error) ?? `The page is ${colour} now.` },
      {
        resultOf: "readSelection",
        say: ({ text, error }) =>
          failed(error) ?? (text === "" ? "Nothing is selected." : `You have selected: ${text}`),
      },
    ],
    otherwise: `I am only the offline model. I can paint the page ${colours.join(", ")}, or read what you have selected.`,
  });
}

function failed(error: unknown): string | undefined {
  return error === undefined ? undefined : `The page could not do that: ${error}.`;
}
