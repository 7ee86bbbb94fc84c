import { defineFlow, type FlowAction, type FlowCall, flowFunction } from "trunkline/llm";
import { z } from "zod";

/** What the flow learns on its way. */
export interface Reservation {
  people: number | undefined;
  time: string | undefined;
}

const largestTable = 12;
const tell = (content: string) => [{ role: "developer" as const, content }];

const notePeople = flowFunction({
  description: "Note for how many people the table is.",
  parameters: z.object({ people: z.int().min(1) }),
  leadsTo: ["time"],
  execute: ({ people }, { flow }: FlowCall<Reservation>) => {
    // Without `next` the flow stays where it is, and the model tells the user what it is told here.
    if (people > largestTable) return { result: { refused: `The largest table seats ${largestTable}.` } };
    flow.state.people = people;
    return { result: { people }, next: "time" };
  },
});

const noteTime = flowFunction({
  description: "Note when the user comes.",
  parameters: z.object({
    time: z
      .string()
      .regex(/^\d\d:\d\d$/)
      .describe("In 24 hours, as in 19:30."),
  }),
  leadsTo: ["confirm"],
  execute: ({ time }, { flow }: FlowCall<Reservation>) => {
    if (time < "17:00" || time > "22:00") return { result: { refused: "Tables are given from 17:00 to 22:00." } };
    flow.state.time = time;
    return { result: { time }, next: "confirm" };
  },
});

const confirm = flowFunction({
  description: "The user says that the reservation is right.",
  parameters: z.object({}),
  leadsTo: ["reserved"],
  execute: () => ({ next: "reserved" }),
});

const startAgain = flowFunction({
  description: "The user says that something about the reservation is wrong.",
  parameters: z.object({}),
  leadsTo: ["people"],
  execute: () => ({ next: "people" }),
});

const askGreeter = flowFunction({
  description: "Hand the user back to the greeter, who answers every question that is not about the reservation.",
  parameters: z.object({ question: z.string() }),
  execute: async ({ question }, { flow }: FlowCall<Reservation>) => {
    const content = `Answer what the user has asked your colleague: ${question}`;
    await flow.handoffTo("greeter", { activationArgs: { messages: tell(content) } });
    return undefined;
  },
});

// The last words and the end in one: nothing is answered after them.
const sayGoodbye: FlowAction<Reservation> = ({ state: { people, time }, end }) =>
  end({ messages: tell(`Say that the table for ${people} at ${time} is reserved, and goodbye.`) });

/** Asks for how many people, then when, then whether all of it is right. */
export const reservationFlow = defineFlow({
  initial: "people",
  state: (): Reservation => ({ people: undefined, time: undefined }),
  globalFunctions: { askGreeter },
  nodes: {
    people: {
      roleMessages: tell("You take the reservations of Chez Acme. Your words are spoken: be brief, ask one thing."),
      taskMessages: tell("Ask for how many people the table is."),
      functions: { notePeople },
    },
    time: {
      taskMessages: ({ people }) => tell(`The table is for ${people}. Ask at what time they come.`),
      functions: { noteTime },
    },
    confirm: {
      taskMessages: ({ people, time }) => tell(`Read back: a table for ${people} at ${time}. Ask whether it is right.`),
      functions: { confirm, startAgain },
    },
    reserved: { taskMessages: [], preActions: [sayGoodbye] },
  },
});
