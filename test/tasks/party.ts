import { type BusMessage, type BusSubscriber, LocalBus } from "../../src/bus/index.ts";
import {
  type TaskHandlers,
  type TaskPort,
  type TaskRequest,
  TaskRequester,
  TaskWorker,
  type TaskWorkerOptions,
} from "../../src/tasks/index.ts";
import { type Deferred, deferred } from "../../src/util/index.ts";

export interface PartyOptions {
  readonly handlers?: TaskHandlers;
  readonly onRequest?: (task: TaskRequest) => void | Promise<void>;
  readonly answersByHand?: boolean;
  readonly maxActive?: number;
  /** Stands between the party and its bus. */
  readonly send?: (message: BusMessage, pass: () => Promise<void>) => Promise<void>;
}

/** The least an agent has to be to do tasks: a name on a bus and both sides of the protocol. */
export class Party implements BusSubscriber {
  readonly name: string;
  readonly requester: TaskRequester;
  readonly worker: TaskWorker;
  /** Every message that came, in the order of coming. */
  readonly heard: BusMessage[] = [];
  readonly sent: BusMessage[] = [];
  readonly reported: unknown[] = [];
  readonly #room: Room;
  readonly #waiting: { readonly matches: (message: BusMessage) => boolean; readonly found: Deferred<BusMessage> }[] =
    [];

  constructor(room: Room, name: string, options: PartyOptions) {
    this.#room = room;
    this.name = name;
    const port: TaskPort = {
      name,
      send: (message) => {
        this.sent.push(message);
        const pass = () => room.bus.send(message);
        return options.send === undefined ? pass() : options.send(message, pass);
      },
      report: (error) => this.reported.push(error),
    };
    this.requester = new TaskRequester({ port, whenReady: (agentName, signal) => room.whenReady(agentName, signal) });
    const workerOptions: TaskWorkerOptions = {
      port,
      handlers: () => options.handlers ?? {},
      onRequest: (task) => options.onRequest?.(task),
      answersByHand: () => options.answersByHand ?? false,
      maxActive: options.maxActive,
    };
    this.worker = new TaskWorker(workerOptions);
  }

  onBusMessage(message: BusMessage): void {
    this.heard.push(message);
    if (!this.requester.handle(message)) this.worker.handle(message);
    for (const waiting of [...this.#waiting]) if (waiting.matches(message)) waiting.found.resolve(message);
  }

  /** The first message of that class, also if it came before. */
  async hears<M extends BusMessage>(type: abstract new (...init: never[]) => M): Promise<M> {
    const already = this.heard.find((message) => message instanceof type);
    if (already instanceof type) return already;
    const found = deferred<BusMessage>();
    this.#waiting.push({ matches: (message) => message instanceof type, found });
    return (await found.promise) as M;
  }

  /** What it heard of that class. */
  all<M extends BusMessage>(type: abstract new (...init: never[]) => M): M[] {
    return this.heard.filter((message): message is M => message instanceof type);
  }

  say(message: BusMessage): Promise<void> {
    return this.#room.bus.send(message);
  }
}

/** One bus and who is on it. */
export class Room {
  readonly bus = new LocalBus();
  /** How many still wait for somebody to become ready. */
  waiting = 0;
  readonly #ready = new Map<string, Deferred<void>>();

  constructor() {
    rooms.push(this);
  }

  /** Adds a party that is ready at once. */
  async add(name: string, options: PartyOptions = {}): Promise<Party> {
    const party = new Party(this, name, options);
    await this.bus.subscribe(party);
    this.ready(name);
    return party;
  }

  ready(name: string): void {
    this.#readiness(name).resolve();
  }

  async whenReady(name: string, signal: AbortSignal): Promise<void> {
    const aborted = deferred<never>();
    const onAbort = () => aborted.reject(signal.reason);
    signal.addEventListener("abort", onAbort);
    this.waiting += 1;
    try {
      await Promise.race([this.#readiness(name).promise, aborted.promise]);
    } finally {
      this.waiting -= 1;
      signal.removeEventListener("abort", onAbort);
    }
  }

  #readiness(name: string): Deferred<void> {
    const known = this.#ready.get(name) ?? deferred();
    this.#ready.set(name, known);
    return known;
  }
}

// Every room of this test file, so that a test can wait without saying for whom.
const rooms: Room[] = [];

/** Resolves when nothing waits on any bus, and nothing comes for some turns of the event loop. */
export async function settled(): Promise<void> {
  for (let quietTurns = 0; quietTurns < 3; quietTurns++) {
    await new Promise((resolve) => setImmediate(resolve));
    const waiting = rooms.some((room) => room.bus.subscriptions.some(({ urgent, ordinary }) => urgent + ordinary > 0));
    if (waiting) quietTurns = -1;
  }
}

/** The error something ends with. */
export async function failureOf<E extends Error>(
  run: PromiseLike<unknown>,
  type: abstract new (...init: never[]) => E,
): Promise<E> {
  try {
    await run;
  } catch (error) {
    if (error instanceof type) return error;
    throw error;
  }
  throw new Error(`this should have ended with a ${type.name}`);
}
