import type { FlowDefinition } from "./define-flow.ts";
import type { FlowFunctions, FlowNodeSource } from "./flow-node.ts";

/**
 * Draws a flow in Mermaid (`stateDiagram-v2`), which repository viewers show as a picture. Arrows carry the names of
 * functions; one that leads nowhere is drawn as a loop, and global functions leave a state called "any node". Of nodes
 * that a function makes, only the name is known.
 */
export function flowDiagram<State, Name extends string>(definition: FlowDefinition<State, Name>): string {
  const nodes = Object.entries<FlowNodeSource<State, Name>>(definition.nodes);
  const ids = new Map(nodes.map(([name], index) => [name, idOf(name, index)]));
  const id = (name: string): string => ids.get(name) ?? name;
  const lines = nodes.filter(([name]) => id(name) !== name).map(([name]) => `state "${escaped(name)}" as ${id(name)}`);
  lines.push(`[*] --> ${id(definition.initial)}`);
  for (const [name, source] of nodes) {
    if (typeof source === "function") continue;
    const arrows = arrowsFrom(id(name), source.functions ?? {}, id);
    lines.push(...(arrows.length > 0 ? arrows : [`${id(name)} --> [*]`]));
  }
  const anywhere = arrowsFrom(anyNode, definition.globalFunctions ?? {}, id);
  if (anywhere.length > 0) lines.push(`state "any node" as ${anyNode}`, ...anywhere);
  return ["stateDiagram-v2", ...lines.map((line) => `    ${line}`), ""].join("\n");
}

// Like the other ids made here, it cannot be a node's own name: those that begin like it are replaced.
const anyNode = "node_any";

function arrowsFrom<State>(from: string, functions: FlowFunctions<State>, id: (name: string) => string): string[] {
  return Object.entries(functions).flatMap(([functionName, { leadsTo }]) => {
    const targets = leadsTo.length > 0 ? leadsTo.map(id) : [from];
    return targets.map((target) => `${from} --> ${target} : ${escaped(functionName)}`);
  });
}

/** The name itself where Mermaid takes it as it is. */
function idOf(name: string, index: number): string {
  const plain = /^[A-Za-z][A-Za-z0-9_]*$/.test(name) && !/^node_/.test(name) && !words.has(name.toLowerCase());
  return plain ? name : `node_${index}`;
}

/** Words that mean something to Mermaid, or to the language it is written in. */
const words: ReadonlySet<string> = new Set([
  ..."as class classdef click default direction end hide note scale state statediagram style".split(" "),
  ..."constructor prototype".split(" "),
]);

function escaped(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9 _.,()'!?-]/gu, (character) => `#${character.codePointAt(0)};`);
}
