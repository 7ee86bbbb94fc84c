/** Which of the two Python packages a peer runs. They cannot talk to each other; both can talk to us. */
export type WireDialect = "subagents" | "pipecat";

/** What the two call the same things. */
export interface Vocabulary {
  /** Module of the bus messages, dot included. */
  readonly module: string;
  /** The word for an agent in the names of classes, and for agents in fields. */
  readonly agent: "Agent" | "Worker";
  readonly agents: "agents" | "workers";
  /** The word for a task in the names of classes, and before `_id` and `_name` in fields. */
  readonly task: "Task" | "Job";
  readonly taskId: "task_id" | "job_id";
  readonly taskName: "task_name" | "job_name";
  readonly agentEntry: string;
  /** There, a message is itself a frame and has a frame's id, name and metadata. */
  readonly messagesAreFrames: boolean;
  /** There, a context's tools are a list; here they are an object with the list in it. */
  readonly contextToolsAreList: boolean;
}

const subagents: Vocabulary = {
  module: "pipecat_subagents.bus.messages.",
  agent: "Agent",
  agents: "agents",
  task: "Task",
  taskId: "task_id",
  taskName: "task_name",
  agentEntry: "pipecat_subagents.types.AgentRegistryEntry",
  messagesAreFrames: true,
  contextToolsAreList: true,
};

const pipecat: Vocabulary = {
  module: "pipecat.bus.messages.",
  agent: "Worker",
  agents: "workers",
  task: "Job",
  taskId: "job_id",
  taskName: "job_name",
  agentEntry: "pipecat.registry.types.WorkerRegistryEntry",
  messagesAreFrames: false,
  contextToolsAreList: false,
};

export function vocabularyOf(dialect: WireDialect): Vocabulary {
  return dialect === "pipecat" ? pipecat : subagents;
}
