import type { Tool } from "../tool.ts";
import type { FlowFunctions, FlowRun, NamedFlowNode } from "./flow-node.ts";

/** What the functions of a flow tell it. */
export interface FlowToolsOptions<State> {
  readonly flow: FlowRun<State>;
  /** A call begins; its number is higher than those of all calls before it. */
  nextOrder(): number;
  /** A call has returned where to go. @throws TrunklineError `TL_FLOW_NODE_UNKNOWN` */
  onNext(next: string | NamedFlowNode<State>, functionName: string, order: number): void;
}

/** The functions of a flow as tools of a model. */
export function flowTools<State>(
  functions: FlowFunctions<State>,
  { flow, nextOrder, onNext }: FlowToolsOptions<State>,
): Readonly<Record<string, Tool>> {
  const tools = Object.entries(functions).map(([name, { run, leadsTo: _, ...described }]) => {
    const tool: Tool = {
      ...described,
      run: async (args, call) => {
        const order = nextOrder();
        const { result, next } = await run(args, { ...call, flow });
        // Nobody waits any more for what an interrupted or late call says.
        if (next !== undefined && !call.signal.aborted) onNext(next, name, order);
        return result;
      },
    };
    return [name, tool] as const;
  });
  return Object.fromEntries(tools);
}
