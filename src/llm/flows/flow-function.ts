import type { StandardSchemaV1 } from "@standard-schema/spec";
import { TrunklineError } from "../../errors.ts";
import { isRecord } from "../../util/index.ts";
import { type ToolParameters, tool } from "../tool.ts";
import type { FlowCall, FlowFunction, FlowStep } from "./flow-node.ts";

/** What the model is told of a function, and what it does. */
export interface FlowFunctionOptions<Parameters extends ToolParameters, State, Next extends string> {
  /** What the function does and when to use it, for the model. */
  readonly description: string;
  /** The arguments, an object at the top. What the model sends is validated with it. */
  readonly parameters: Parameters;
  /** The nodes it may go to by name. Default: none. */
  readonly leadsTo?: readonly Next[] | undefined;
  /** Does the work and says where to go. What it throws is told to the model, and the flow stays where it is. */
  readonly execute: (
    args: StandardSchemaV1.InferOutput<Parameters>,
    call: FlowCall<State>,
  ) => FlowStep<NoInfer<Next>, State> | undefined | Promise<FlowStep<NoInfer<Next>, State> | undefined>;
  /** How long it may take, in milliseconds. Default: as long as it likes. */
  readonly timeoutMs?: number | undefined;
  /** Whether the user ends the call, and with it the transition, by speaking over the bot. Default false. */
  readonly cancelOnInterruption?: boolean | undefined;
}

/**
 * Describes something the model can do in a flow. Where it goes is checked against `leadsTo`, and `leadsTo` against
 * the definition.
 * @throws TrunklineError `TL_INVALID_OPTION` when the parameters cannot be given as JSON Schema of an object
 */
export function flowFunction<Parameters extends ToolParameters, State = unknown, const Next extends string = never>(
  options: FlowFunctionOptions<Parameters, State, Next>,
): FlowFunction<State, Next> {
  const { execute, leadsTo = [], cancelOnInterruption = false, ...rest } = options;
  const { run, ...described } = tool({
    ...rest,
    cancelOnInterruption,
    // Called by the line below alone, which is given the call of a flow.
    execute: (args, call) => execute(args, call as FlowCall<State>),
  });
  return { ...described, leadsTo, run: async (args, call) => stepOf(await run(args, call)) };
}

function stepOf<Next extends string, State>(returned: unknown): FlowStep<Next, State> {
  if (returned === undefined) return {};
  if (!isRecord(returned)) {
    throw new TrunklineError("TL_INVALID_OPTION", "A flow's function must return { result, next }, or nothing.");
  }
  return returned;
}
