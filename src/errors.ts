/**
 * Every code a Trunkline error can carry, with what to do about it. The table is closed: a test counts it, and
 * `docs/errors.md` lists it.
 */
export const errorCodes = {
  TL_AGENT_ADDED_TWICE: "Give every agent of a runner a name of its own, and add each agent object once.",
  TL_AGENT_FAILED_TO_START:
    "Look at the cause: a pipeline, a subscription or a hook of this agent failed before it was ready.",
  TL_AGENT_NOT_ADDED: "Add the agent to a runner, or to another agent, before you use this.",
  TL_AGENT_UNKNOWN: "Check the name, and wait for the agent with watchAgent() before you hand over to it.",
  TL_BUS_STOPPED: "Send before the runner ends; a bus that has stopped delivers nothing.",
  TL_CONNECT_FAILED: "Check that the server runs, that the URL is right and that the network lets you through.",
  TL_CONNECTION_LOST: "The connection ended before the work did; connect again and repeat what is safe to repeat.",
  TL_CONTEXT_INVALID:
    "Correct or remove the messages of the conversation that the error names; the model was asked without them.",
  TL_FLOW_NODE_UNKNOWN: "Correct the name, or return the node itself; the message lists the nodes the flow has.",
  TL_HANDLER_FAILED: "A handler threw; the cause is its error. Catch what you expect inside the handler.",
  TL_INVALID_OPTION: "Correct the option that the message names.",
  TL_LINK_FULL: "The peer does not read as fast as you send: wait for the promise of send() before the next message.",
  TL_LINK_REFUSED:
    "The peer closed the connection for good, or does not speak the protocol it agreed on; the message gives its code.",
  TL_MCP_REFUSED:
    "Choose tools with include or exclude, set a prefix, or have the MCP server corrected; the message says what is wrong.",
  TL_MESSAGE_TOO_LARGE: "Split the message, or raise the limit on both sides.",
  TL_MODEL_FAILED: "The language model's provider reported an error; the cause is the provider's own.",
  TL_MODEL_WARNING:
    "The language model's provider leaves out something it was asked for; change the setting or tool that the message names.",
  TL_PIPELINE_ENDED: "Queue frames while the pipeline runs; this one has ended.",
  TL_PORT_IN_USE: "Choose another port, or port 0 for a free one.",
  TL_PROCESSOR_FAILED: "A frame processor threw; the cause is its error.",
  TL_QUEUE_FULL:
    'The receiver does not keep up: await what you send and push, raise its limit, or subscribe with whenFull: "wait".',
  TL_RESUME_UNAVAILABLE: 'The peer cannot resume sessions: bring it up to date, or do without with link.resume "auto".',
  TL_SERVER_CLOSED: "The server has been closed; build a new one.",
  TL_SESSION_FAILED: "The function that sets up a session threw; the cause is its error.",
  TL_SETUP_FAILED:
    "Correct TRUNKLINE_SETUP: each module it names must load, export setupRunner(runner), and not throw in it.",
  TL_SHUTDOWN_LATE: "These agents did not end in time and were cut off: look for a handler that never returns.",
  TL_STREAM_BEGUN: "A task has one stream: call streamStart() before the first stream(), and once.",
  TL_SUBSCRIBER_EXISTS: "A bus takes one subscriber of a name; unsubscribe the other one first or choose another name.",
  TL_TASK_FAILED: "The task did not complete; status and reason say why.",
  TL_TASK_UNKNOWN: "This task has already been answered, cancelled or was never asked for.",
  TL_TEST_FAILED: "A check of trunkline/testing did not hold; the message says which, and what was there instead.",
  TL_TOOL_FAILED: "A tool threw or its arguments did not fit its parameters; the model was told.",
  TL_TYPE_UNREGISTERED: "Register the class with serializer.register() before you send it.",
  TL_VALUE_UNSENDABLE: "Only plain JSON, and bytes where a field says so, can be sent; the message names the path.",
} as const;

/** A code of {@link errorCodes}. */
export type ErrorCode = keyof typeof errorCodes;

/** The base of every error that Trunkline throws or reports. */
export class TrunklineError extends Error {
  /** One of {@link errorCodes}; stable across releases, unlike the message. */
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "TrunklineError";
    this.code = code;
  }
}

/** What to print when all there is is something that was thrown. */
export function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error);
  } catch {
    // An object without a prototype has no words; whoever reports it must not fail over that.
    return "an error that cannot be printed";
  }
}
