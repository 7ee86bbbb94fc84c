import { TrunklineError } from "../../errors.ts";
import type { ContextStrategy } from "./context-strategy.ts";
import type { FlowFunctions, FlowNodeSource, FlowRun, NamedFlowNode } from "./flow-node.ts";

/** A conversation in steps; made by {@link defineFlow}. */
export interface FlowDefinition<State = unknown, Name extends string = string> {
  /** The node of the first activation. */
  readonly initial: Name;
  /** What the flow knows at first. Called once for each agent. */
  readonly state: () => State;
  /** The nodes, by name. */
  readonly nodes: Readonly<Record<Name, FlowNodeSource<State, Name>>>;
  /** What the model can do in every node. A node's own function of the same name stands before it. Default: nothing. */
  readonly globalFunctions?: FlowFunctions<State, Name> | undefined;
  /** For nodes that do not say. Default `"append"`. */
  readonly contextStrategy?: ContextStrategy | undefined;
  /** The node of every later activation. Default: the one the flow was in. */
  readonly resume?: Name | ((flow: FlowRun<State>) => Name | NamedFlowNode<State>) | undefined;
}

/**
 * Describes a conversation in steps. Names of nodes are checked by the compiler, and here for those who have none.
 * @throws TrunklineError `TL_FLOW_NODE_UNKNOWN` when a name leads nowhere
 */
export function defineFlow<State, const Name extends string>(definition: {
  readonly initial: NoInfer<Name>;
  readonly state: () => State;
  readonly nodes: Readonly<Record<Name, FlowNodeSource<NoInfer<State>, NoInfer<Name>>>>;
  readonly globalFunctions?: FlowFunctions<NoInfer<State>, NoInfer<Name>> | undefined;
  readonly contextStrategy?: ContextStrategy | undefined;
  readonly resume?:
    | NoInfer<Name>
    | ((flow: FlowRun<NoInfer<State>>) => NoInfer<Name> | NamedFlowNode<NoInfer<State>>)
    | undefined;
}): FlowDefinition<State, Name> {
  const { initial, resume, nodes, globalFunctions = {} } = definition;
  requireNode(nodes, initial, "It is the initial one");
  if (typeof resume === "string") requireNode(nodes, resume, "It is the one to resume at");
  requireTargets(nodes, globalFunctions, "The global function");
  for (const [name, source] of Object.entries<FlowNodeSource<State, Name>>(nodes)) {
    if (typeof source !== "function") requireTargets(nodes, source.functions ?? {}, `In "${name}", the function`);
  }
  return definition;
}

/** Finds a node by name. @throws TrunklineError `TL_FLOW_NODE_UNKNOWN` */
export function requireNode<Source>(nodes: Readonly<Record<string, Source>>, name: string, why: string): Source {
  const source = Object.hasOwn(nodes, name) ? nodes[name] : undefined;
  if (source !== undefined) return source;
  const known = Object.keys(nodes).join(", ") || "none";
  throw new TrunklineError("TL_FLOW_NODE_UNKNOWN", `The flow has no node "${name}". ${why}. Its nodes: ${known}.`);
}

function requireTargets(
  nodes: Readonly<Record<string, unknown>>,
  functions: Readonly<Record<string, { readonly leadsTo: readonly string[] }>>,
  whose: string,
): void {
  for (const [functionName, { leadsTo }] of Object.entries(functions)) {
    for (const name of leadsTo) requireNode(nodes, name, `${whose} "${functionName}" leads to it`);
  }
}
