import { type ErrorCode, messageOf, TrunklineError } from "../errors.ts";

/** Something failed inside an agent. The cause is what was thrown. */
export class AgentError extends TrunklineError {
  readonly agentName: string;

  constructor(code: ErrorCode, agentName: string, message: string, options?: ErrorOptions) {
    super(code, message, options);
    this.name = "AgentError";
    this.agentName = agentName;
  }

  /** Names the agent in an error that does not do so yet. */
  static from(error: unknown, agentName: string): AgentError {
    if (error instanceof AgentError) return error;
    const code = error instanceof TrunklineError ? error.code : "TL_HANDLER_FAILED";
    return new AgentError(code, agentName, `Agent "${agentName}": ${messageOf(error)}`, { cause: error });
  }
}
