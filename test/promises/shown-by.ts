const activation = "test/agents/activation.test.ts";
const agentLife = "test/agents/lifecycle.test.ts";
const bridge = "test/bridge/bridge-processor.test.ts";
const cancelling = "test/tasks/cancel.test.ts";
const edges = "test/bridge/bus-edges.test.ts";
const endings = "test/review/endings.test.ts";
const events = "test/tasks/events.test.ts";
const group = "test/tasks/group.test.ts";
const heldFrames = "test/llm/held-frames.test.ts";
const registry = "test/registry/registry.test.ts";
const runner = "test/runner/agent-runner.test.ts";
const task = "test/tasks/task.test.ts";
const worker = "test/tasks/worker.test.ts";

const readiness = [
  agentLife,
  "is not ready and has no start time before it runs; has both once it does; a ready event fires",
] as const;
const addsChildren = [
  agentLife,
  "adding children sends a local message each, keeps their order, sets their parent and watches them",
] as const;
const activated = [
  activation,
  "marks active and calls the hook once with the given args, readable while active and cleared after",
] as const;
const handsOver = [
  activation,
  "K48: sends exactly one deactivate to itself and then one activate, already inactive at the first",
] as const;
const sendsOneRequest = [task, "sends one message with id, source, target, name and payload"] as const;
const asksAGroup = [
  group,
  "sends one message per member, all sharing one id, and gives all responses keyed by member",
] as const;
const afterTheEnd = [worker, "Responding, updating and streaming after the end raise TL_TASK_UNKNOWN"] as const;
const sequentialHandlers = [
  worker,
  "A sequential handler runs same-name requests one at a time in FIFO order; locks are per name",
] as const;
const wholeStream = [
  events,
  "Iterating a stream yields start, data…, end with their data; its end is the response",
] as const;
const updatesInOrder = [events, "Iterating yields updates in order, excluding the final response"] as const;
const memberFails = [group, "cancels the others and keeps what was answered"] as const;
const groupCancelled = [group, "sends a cancel with id and reason to each member"] as const;
const endsRootsOnly = [runner, "end() and cancel() address root agents only, and both work twice"] as const;
const requestsOnTheBus = [runner, "end and cancel requests on the bus end and cancel the runner"] as const;
const localAndRemote = [registry, "tells local from remote, finds both, and nothing for an unknown name"] as const;
const registeredTwice = [registry, "registering twice returns false, keeps one entry and tells no watcher"] as const;
const allWatchers = [registry, "all watchers of a name fire, with the data; those of other names do not"] as const;
const watchedTwice = [
  registry,
  "a watcher fires at once if the name is known, once however often it is added, and again when it comes back",
] as const;
const whoseFrames = [
  bridge,
  "ignores its own agent's frames, frames for somebody else, and takes frames for its agent",
] as const;
const namedBridges = [
  edges,
  "K47: takes the bridges it was given, all if none is named, and answers by the name it was called by",
] as const;
const enters = [edges, "frames produced by a bridged pipeline are broadcast with that agent as source"] as const;
const heldWhileAToolRuns = [
  heldFrames,
  '"While a tool runs queued frames are held with their direction", "Held frames keep FIFO order", and follow the result',
] as const;

/**
 * Tests that show a promise in other words than its own: the promise's line, or the number of a fault, and the file and
 * exact title of each test.
 */
export const shownBy: Readonly<Record<string, readonly (readonly [file: string, title: string])[]>> = {
  "A bridged agent is inactive by default": [[agentLife, "a bridged agent is inactive by default, others are active"]],
  "Not ready / no start time before the pipeline starts": [readiness],
  "Ready / start time set once it starts": [readiness],
  "A ready event fires after start": [readiness],
  "A finished event fires after the pipeline ends": [
    [agentLife, "a finished event fires once, after the pipeline has ended"],
  ],
  "end() broadcasts an end request with source and reason": [
    [agentLife, "end() broadcasts an end request with source and reason, which ends the runner"],
  ],
  "end() on a child also broadcasts to the runner, not to its parent": [
    [endings, "end() of a child is a broadcast to the runner with its name and reason, not a message to its parent"],
  ],
  "cancel() broadcasts a cancel request with source": [
    [agentLife, "cancel() broadcasts a cancel request with its source, which cancels the runner"],
  ],
  "Adding children records them in order and sets their parent": [addsChildren],
  "The parent waits for children to finish before it ends": [
    [agentLife, "end goes root to children to root: the parent ends after its children have"],
  ],
  "A queued frame travels through the pipeline": [
    [agentLife, "several queued frames travel in order, also those queued before the start"],
  ],

  "Activation received after start marks active and calls the hook once with the given args": [activated],
  "Activation args are readable while active, cleared on deactivation": [activated],
  "Activation args are absent before any activation": [activated],
  "Handoff sends exactly one deactivate (self) and one activate (target)": [handsOver],
  "Handoff addresses the deactivate to the caller": [handsOver],
  "The caller is already inactive when the first handoff message is published; deactivate precedes activate": [
    handsOver,
  ],

  "A request sends one message with id, target, payload, and returns the id": [sendsOneRequest],
  "A group request sends one message per member, all sharing one id": [asksAGroup],
  "A received request fires the hook and is listed active": [
    [worker, "fires the hook for every request, before its handler; the hook may answer instead"],
    [task, "is open until it has ended, and leaves nothing on either side"],
  ],
  "Completion fires only once all members responded, with responses keyed by member": [
    [group, "completes only once all members responded, in the order they were named"],
  ],
  "Cancelling a group sends a cancel with id and reason to each member": [groupCancelled],
  "Responding to an unknown id raises": [afterTheEnd],
  "Updating an unknown id raises": [afterTheEnd],
  'A timeout cancels the task with reason "timeout"': [[task, 'cancels the task with reason "timeout"']],
  "Sequential locks are per name, not per worker": [sequentialHandlers],

  "Stream end removes the job from the active set": [wholeStream],
  "Stream end counts as a response for group completion, its data being the response": [
    [group, "Events of several members interleave, with the member's name"],
  ],
  "All stream calls raise for an unknown id": [afterTheEnd],

  "Leaving a group scope yields all responses keyed by member": [asksAGroup],
  "Entering sends the request with payload to each member": [asksAGroup],
  "A cancelled group raises a group error carrying the reason": [groupCancelled],
  'A timed-out group raises a group error saying "timeout"': [[group, "by a timeout: %j"]],
  'A member never becoming ready within the timeout raises "not ready"': [[group, "by a timeout: %j"]],
  "A member error (default policy) raises a group error; the error body is kept in responses": [memberFails],
  "Partial responses remain readable after an error": [memberFails],
  "Not iterating is fine": [
    [events, "that nobody reads are let go at 65,537, reading says so, and the response still comes"],
  ],
  "An urgent error triggers the error hook and cancels the group": [[group, "An urgent error cancels the group"]],
  "Single scope yields the worker's response": [[task, "gives the worker's response"]],
  "Single scope sends one request with source and target": [sendsOneRequest],
  "Single scope yields events without a member name": [updatesInOrder],
  "Single scope yields stream events and the final response": [wholeStream],
  "Single scope cancels on a body exception": [
    [cancelling, "happens when a scope is left, and an error of its body is the one that is seen"],
  ],
  "Single scope raises a task error on worker error": [
    [task, "raises a TaskError with what the worker said"],
    [worker, "K23: a handler that throws answers with status error"],
  ],
  "Single scope exposes a non-empty id": [sendsOneRequest],
  "Cancelling interrupts a running handler; exactly one cancelled response returns (JS cannot preempt: pass an AbortSignal)":
    [
      [cancelling, "answers once, whatever its handler does afterwards"],
      [cancelling, "stops a handler at its next word to the requester"],
    ],
  "…is refused for a non-cancellable group, which stays alive": [[group, "…is refused %s"]],
  "…is refused for an unknown group": [[group, "…is refused %s"]],

  "Adding registers by name; a duplicate is skipped without throwing": [
    [runner, "finds its agents by name, and nothing for others"],
    [runner, "skips an agent whose name is taken, without throwing, and says so"],
  ],
  "end() is idempotent": [endsRootsOnly],
  "cancel() is idempotent": [endsRootsOnly],
  "end() addresses root agents only": [endsRootsOnly],
  "cancel() addresses root agents only": [endsRootsOnly],
  "An end request on the bus ends the runner": [requestsOnTheBus],
  "A cancel request on the bus cancels the runner": [requestsOnTheBus],
  "A local worker can be looked up by name": [[runner, "finds its agents by name, and nothing for others"]],
  "…and raises before that": [[agentLife, "reaches the registry once added, and says what is missing before that"]],

  "A name registered by this runner is local, not remote": [localAndRemote],
  "A name registered by another runner is remote, not local": [localAndRemote],
  "Registering twice returns false and keeps one entry": [registeredTwice],
  "Lookup finds a local entry": [localAndRemote],
  "Lookup finds a remote entry": [localAndRemote],
  "Lookup of an unknown name gives nothing": [localAndRemote],
  "Membership test works": [localAndRemote],
  "A watcher fires on registration with the data": [allWatchers],
  "A watcher ignores other names": [allWatchers],
  "A watcher does not fire on a duplicate registration": [registeredTwice],
  "All watchers of a name fire": [allWatchers],
  "A watcher fires at once if the name is already registered": [watchedTwice],
  "The same handler watched twice fires once": [watchedTwice],
  "The registry reports its runner's name": [localAndRemote],
  "Several remote runners are tracked separately": [
    localAndRemote,
    [registry, "finds the local one of two first, then the one that was known first, and keeps runners apart"],
  ],

  "Non-lifecycle frames go to the bus and are consumed locally, tagged with source and direction": [
    [bridge, "sends frames to the bus, tagged with source and direction, and consumes them"],
  ],
  "A bus frame enters at the bridge and is seen by later processors": [
    [bridge, "a bus frame enters at the bridge, goes on in its direction, and is not sent to the bus again (K48)"],
  ],
  "The bridge ignores its own agent's frames": [whoseFrames],
  "A bridge bound to one peer accepts only that peer": [
    [bridge, "K51: bound to one peer, it accepts only that peer and sends only to it"],
  ],
  "A frame targeted elsewhere is skipped": [whoseFrames],

  "A frame from the bus is re-broadcast once and does not loop": [
    [edges, "K48: a frame that only passed through goes back once, to its sender alone, also among several agents"],
  ],
  "An unbridged agent sends no frames to the bus": [[edges, "an unbridged agent neither takes frames nor sends them"]],
  "A bus frame enters an active bridged pipeline": [enters],
  "Direction is preserved": [[edges, "keeps the direction, and lets upstream frames in at the lower end"]],
  "A named bridge accepts its own frames": [namedBridges],
  "…and rejects other bridges": [namedBridges],
  "An empty bridge list accepts every bridge, including unnamed": [namedBridges],
  '"Not bridged" (distinct from empty list) has no edges': [
    namedBridges,
    [edges, "an unbridged agent neither takes frames nor sends them"],
  ],

  "Held frames are delivered when the tool finishes": [heldWhileAToolRuns],
  "With parallel tools they are delivered only after the last one": [
    [heldFrames, '"With parallel tools they are delivered only after the last one"'],
  ],
  "Frame attributes survive deferral": [heldWhileAToolRuns],
};
