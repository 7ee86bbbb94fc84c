import { defineFlow, flowDiagram, flowFunction } from "trunkline/llm";
import { describe, expect, it } from "vitest";
import { developer } from "../conversation.ts";
import { anything, foodOrder, leadTo } from "./food-order.ts";

const task = { taskMessages: [developer("Do it.")] };

describe("the diagram of a flow", () => {
  it("shows its nodes, and the functions that lead from one to another", () => {
    expect(flowDiagram(foodOrder)).toBe(`stateDiagram-v2
    [*] --> dish
    dish --> drink : chooseDish
    drink --> drink : addDrink
    drink --> bill : noMore
    bill --> goodbye : pay
    bill --> dish : changeOrder
    goodbye --> [*]
`);
  });

  it("shows global functions, and names that Mermaid would not take", () => {
    const flow = defineFlow({
      initial: 'the "start"',
      state: () => undefined,
      nodes: {
        'the "start"': { ...task, functions: { "go:on": leadTo("end") } },
        made: () => task,
        end: task,
      },
      globalFunctions: {
        hangUp: leadTo("end"),
        help: flowFunction({ description: "", parameters: anything, execute: () => undefined }),
      },
    });
    expect(flowDiagram(flow)).toBe(`stateDiagram-v2
    state "the #34;start#34;" as node_0
    state "end" as node_2
    [*] --> node_0
    node_0 --> node_2 : go#58;on
    node_2 --> [*]
    state "any node" as node_any
    node_any --> node_2 : hangUp
    node_any --> node_any : help
`);
  });
});

describe("a definition", () => {
  const lost = leadTo("nowhere") as never;

  it.each([
    ["the initial node", { initial: "nowhere", nodes: { a: task } }],
    ["the node to resume at", { initial: "a", resume: "nowhere", nodes: { a: task } }],
    ["a function's target", { initial: "a", nodes: { a: { ...task, functions: { lost } } } }],
    ["a global function's target", { initial: "a", nodes: { a: task }, globalFunctions: { lost } }],
  ])("refuses a name that leads nowhere: %s", (_, definition) => {
    const define = () => defineFlow({ state: () => undefined, ...definition } as never);
    expect(define).toThrow(expect.objectContaining({ code: "TL_FLOW_NODE_UNKNOWN" }));
    expect(define).toThrow(/no node "nowhere".*nodes: a\./s);
  });

  it("knows no names but its own", () => {
    const define = () => defineFlow({ initial: "constructor", state: () => undefined, nodes: { a: task } } as never);
    expect(define).toThrow(/no node "constructor"/);
  });

  it("has its names checked by the compiler", () => {
    const nodes = { a: task, b: { ...task, functions: { back: leadTo("a") } } };
    // @ts-expect-error: there is no node of that name
    expect(() => defineFlow({ initial: "c", state: () => undefined, nodes })).toThrow();
    const functions = { away: leadTo("c") };
    // @ts-expect-error: a function leads to no node of the flow
    expect(() => defineFlow({ initial: "a", state: () => undefined, nodes: { a: { ...task, functions } } })).toThrow();
    // @ts-expect-error: the function goes where it did not say it would
    flowFunction({ description: "", parameters: anything, leadsTo: ["a"], execute: () => ({ next: "b" }) });
  });
});
