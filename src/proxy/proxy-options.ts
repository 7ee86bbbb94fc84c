import type { AgentBus, BusMessageClass } from "../bus/index.ts";
import type { FrameClass } from "../frames/index.ts";
import type { MessageSerializer } from "../wire/index.ts";
import type { GateSide } from "./gate.ts";
import type { LinkOptions } from "./link/index.ts";

/** What both ends of a link can be told. */
export interface ProxyOptions {
  readonly bus: AgentBus;
  /** Name of the agent on the other bus. It must not live on this one. */
  readonly remoteAgentName: string;
  /**
   * Types, with their subclasses, that cross between the two agents also where they are not targeted. Default: none,
   * so that only what one agent addresses to the other crosses.
   */
  readonly forwardMessages?: readonly BusMessageClass[] | undefined;
  /**
   * Types of messages, and of frames in messages, with their subclasses, that are worth something only at once, as live
   * audio is. When a connection breaks they are left out of what is sent again over the next one, and are counted.
   * Default: none.
   */
  readonly notReplayed?: readonly (BusMessageClass | FrameClass)[] | undefined;
  /** Default: a `JSONMessageSerializer` of its own. */
  readonly serializer?: MessageSerializer | undefined;
  /**
   * How many bytes of messages that came in may wait to be handled on this bus, and as many again may be in task
   * requests that came in and have not been answered. What comes beyond that is refused, and told by the event
   * `rejected`; a task request is answered with status `failed`. Default 32 MiB.
   */
  readonly maxWaitingBytes?: number | undefined;
  /** Sizes, times and limits of the connection. */
  readonly link?: LinkOptions | undefined;
}

/** A proxy's place: which bus, which two agents, and which end it stands at. */
export interface ProxyRoute extends ProxyOptions {
  readonly proxyName: string;
  readonly side: GateSide;
  readonly localAgentName: string;
}
