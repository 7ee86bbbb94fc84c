/** The table of ARCHITECTURE.md as data: who may know whom. */

const ground = ["util"];
const first = [...ground, "frames"];
const third = [...first, "pipeline", "bus", "wire", "tasks", "registry"];
const fourth = [...third, "agents", "bridge"];
const everything = [...fourth, "runner", "llm", "proxy", "proxy/link", "network"];

/** Each room and the rooms it may import. `src/errors.ts` is open to all. */
export const rooms: Readonly<Record<string, readonly string[]>> = {
  util: [],
  frames: ground,
  pipeline: first,
  bus: first,
  wire: [...first, "bus"],
  tasks: [...ground, "bus"],
  registry: [...ground, "bus"],
  bridge: third,
  agents: [...third, "bridge"],
  runner: fourth,
  llm: fourth,
  network: fourth,
  "proxy/link": ground,
  proxy: [...fourth, "proxy/link"],
  testing: everything,
  // For tests as testing is, but in Node only.
  faults: [...ground, "proxy/link"],
  cli: [...everything, "testing"],
};

/** Files that may import one room more than their own room may, each with its reason. */
export const exceptions: Readonly<Record<string, { readonly rooms: readonly string[]; readonly reason: string }>> = {
  "proxy/session.ts": { rooms: ["runner"], reason: "each session has a runner of its own" },
};

/** Files that may load a module while the program runs, each with its reason. */
export const dynamicImports: Readonly<Record<string, string>> = {
  "runner/setup.node.ts": "the operator names modules in TRUNKLINE_SETUP; no message and no peer has a say in it",
};

/** Rooms with a second door, because what is behind it runs in Node only. */
export const doors: Readonly<Record<string, readonly string[]>> = {
  proxy: ["index.ts", "server.ts"],
};

/** The package's entry points: they list names of rooms and nothing else. */
export const entryPoints = ["index.ts", "server.ts", "llm.ts", "redis.ts", "nats.ts", "testing.ts", "testing-node.ts"];

/** Packages from outside, and the files that may import them. A pattern ends in `*`. */
export const packages: Readonly<Record<string, readonly string[]>> = {
  ws: ["proxy/dial.node.ts", "proxy/agent-server.ts"],
  "@ai-sdk/provider": ["llm/model.ts"],
  "@standard-schema/spec": ["tasks/*", "wire/*", "llm/*"],
};

/** Files that may import `node:` modules, beside those whose name ends in `.node.ts`. */
export const nodeFiles = [
  "network/*",
  "cli/*",
  "faults/*",
  // Behind the door proxy/server.ts, which the core does not use.
  "proxy/agent-server.ts",
  "proxy/serve-agents.ts",
  "proxy/session.ts",
  "proxy/upgrade.ts",
];

export const maximumLines = 300;
