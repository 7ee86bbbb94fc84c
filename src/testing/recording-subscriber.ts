import { type AgentBus, BusMessage, type BusMessageClass, type BusSubscriber } from "../bus/index.ts";
import { Arrivals, type WaitOptions } from "./arrivals.ts";
import { wishFor } from "./wanted.ts";

/**
 * Keeps everything that is said on a bus, whoever it is for, at the moment it is sent and in that order: once
 * somebody has received a message, it is here.
 */
export class RecordingSubscriber implements BusSubscriber, AsyncDisposable {
  readonly name: string;
  readonly #bus: AgentBus;
  readonly #heard = new Arrivals<BusMessage>(described);

  private constructor(bus: AgentBus, name: string) {
    this.#bus = bus;
    this.name = name;
  }

  /**
   * Begins to listen. Ends with the scope that awaits `using` it, or with {@link end}.
   * @throws TrunklineError `TL_SUBSCRIBER_EXISTS` when somebody else has the name on this bus
   */
  static async on(bus: AgentBus, name = "recording"): Promise<RecordingSubscriber> {
    const recording = new RecordingSubscriber(bus, name);
    await bus.subscribe(recording, { observe: true, accept: (message) => recording.#note(message) });
    return recording;
  }

  /** For the bus. Nothing is left to do: a message was noted before it was queued for anybody. */
  onBusMessage(): void {}

  /** Everything that was heard, in order. */
  get all(): readonly BusMessage[] {
    return this.#heard.all;
  }

  /** The messages of a class, subclasses included. */
  messages<M extends BusMessage>(messageClass: BusMessageClass<M>): readonly M[] {
    return this.all.filter((message): message is M => message instanceof messageClass);
  }

  /**
   * The first message of a class, or that a function says yes to; at once if it was heard already.
   * @throws TrunklineError `TL_TEST_FAILED` when none was heard in time
   */
  waitFor(predicate: (message: BusMessage) => boolean, options?: WaitOptions): Promise<BusMessage>;
  waitFor<M extends BusMessage>(messageClass: BusMessageClass<M>, options?: WaitOptions): Promise<M>;
  waitFor(
    wanted: BusMessageClass | ((message: BusMessage) => boolean),
    options: WaitOptions = {},
  ): Promise<BusMessage> {
    const { fits, what } = wishFor<BusMessage>(wanted, BusMessage);
    return this.#heard.waitFor(fits, what, options);
  }

  /** Listens no longer; what was heard stays. */
  end(): Promise<void> {
    return this.#bus.unsubscribe(this);
  }

  // In a lane of its own it would hear late, and system messages ahead of data.
  #note(message: BusMessage): false {
    this.#heard.add(message);
    return false;
  }

  /** As {@link end}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.end();
  }
}

function described(message: BusMessage): string {
  return `${message.constructor.name} from ${message.source} to ${message.target ?? "all"}`;
}
