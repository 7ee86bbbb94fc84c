import type { LanguageModel } from "trunkline/llm";
import { offlineModel } from "../support/offline-model.ts";
import type { OfflineRule } from "../support/offline-rules.ts";

const numbers = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
const number = `(\\d+|${numbers.join("|")})`;

const greeter: readonly OfflineRule[] = [
  { when: /^welcome the user/i, say: ["Welcome to Chez Acme! Would you like a table, or do you have a question?"] },
  { when: /^tell the user that a colleague/i, say: ["Gladly! My colleague takes your reservation."] },
  { when: /^say goodbye/i, say: ["Goodbye! We hope to see you soon."] },
  { when: /\b(table|reserv|book|go on)/i, call: { tool: "reserveTable", args: {} } },
  { when: /\b(good ?bye|bye|no,? thank)/i, call: { tool: "endConversation", args: {} } },
  { when: /open|close|hours/i, say: ["We are open every day from five to eleven. Shall we go on with a table?"] },
  { when: /menu|eat|dish|soup/i, say: ["The dish of the day is onion soup. Shall we go on with a table?"] },
];

const reservations: readonly OfflineRule[] = [
  { when: /ask for how many people/i, say: ["For how many people is the table?"] },
  { when: /^the table is for (.*?)\. ask/i, say: ([, people]) => `A table for ${people}. At what time will you come?` },
  { when: /^read back: (.*?)\. ask/i, say: ([, what]) => `${capital(what)}: is that right?` },
  { when: /^say that (.*?), and goodbye/i, say: ([, what]) => `${capital(what)}. Goodbye!` },
  { resultOf: "notePeople", say: ({ refused }) => `I am sorry. ${refused} For how many people may it be?` },
  { resultOf: "noteTime", say: ({ refused }) => `I am sorry. ${refused} What other time suits you?` },
  { when: /\?/, call: { tool: "askGreeter", args: ({ input = "" }) => ({ question: input }) } },
  { when: new RegExp(number, "i"), call: { tool: "notePeople", args: ([word]) => ({ people: numberOf(word) }) } },
  {
    when: new RegExp(`${number}(?::(\\d\\d))?`, "i"),
    call: { tool: "noteTime", args: ([, hour, minutes]) => ({ time: timeOf(numberOf(hour), minutes) }) },
  },
  { when: /\b(yes|right|correct|fine)/i, call: { tool: "confirm", args: {} } },
  { when: /\b(no|wrong|change)/i, call: { tool: "startAgain", args: {} } },
];

/** The model of both agents where there is no real one. A rule that calls a tool fits whoever is offered that tool. */
export function offlineRestaurant(): LanguageModel {
  return offlineModel({
    rules: [...reservations, ...greeter],
    otherwise: "I am only the offline model: I can reserve a table and know when we are open and what there is to eat.",
  });
}

function numberOf(word = ""): number {
  const index = numbers.indexOf(word.toLowerCase());
  return index < 0 ? Number(word) : index + 1;
}

/** Who says seven means the evening. */
function timeOf(hour: number, minutes = "00"): string {
  return `${String(hour < 12 ? hour + 12 : hour).padStart(2, "0")}:${minutes}`;
}

function capital(text = ""): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
