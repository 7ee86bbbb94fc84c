import { type FaultConnection, FaultProxy } from "../../src/faults/index.ts";
import { dial } from "../../src/proxy/dial.node.ts";
import { type LinkOptions, type LinkSocket, resumeProtocol } from "../../src/proxy/link/index.ts";
import { until } from "../support/settled.ts";
import { DeskServer, type DeskServerOptions } from "./desk-server.ts";
import type { Dice } from "./dice.ts";
import { NumberedEnd } from "./numbered-end.ts";

export interface LinkPairOptions extends Pick<DeskServerOptions, "maxSuspendedBytes" | "isSamePrincipal"> {
  readonly dice: Dice;
  readonly client?: LinkOptions | undefined;
  readonly server?: LinkOptions | undefined;
  /** Sees each connection before its first byte. */
  readonly onConnection?: ((connection: FaultConnection) => void) | undefined;
  /** Where the client connects, at each attempt. Default `/`. */
  path?(): string;
  /** Sees each connection of the client's before its link does. */
  onDialed?(socket: LinkSocket): void;
}

/** Two ends of a session, and between them a network that does as it is told. */
export class LinkPair implements AsyncDisposable {
  readonly client: NumberedEnd;
  readonly network: FaultProxy;
  readonly desk: DeskServer;
  /** The server's, the first of which is the client's; further ones are of sessions that were begun anew. */
  readonly #sessions: readonly NumberedEnd[];

  private constructor(network: FaultProxy, desk: DeskServer, client: NumberedEnd, sessions: readonly NumberedEnd[]) {
    this.network = network;
    this.desk = desk;
    this.client = client;
    this.#sessions = sessions;
  }

  static async connected(options: LinkPairOptions): Promise<LinkPair> {
    const { dice, path = () => "/", onDialed = () => {}, onConnection, ...rest } = options;
    const ends: NumberedEnd[] = [];
    const desk = await DeskServer.listen({
      ...rest,
      link: rest.server,
      onSeat(seat) {
        const end = new NumberedEnd("server", seat, rest.server ?? {});
        ends.push(end);
        end.link.open();
      },
    });
    const network = await FaultProxy.listen({ url: desk.url }, { seed: dice.below(2 ** 31), onConnection });
    const random = () => dice.below(2 ** 31) / 2 ** 31;
    const url = network.url.replace(/\/$/, "");
    const client = new NumberedEnd(
      "client",
      {
        async dial(signal) {
          const socket = await dial(url + path(), { signal, protocols: [resumeProtocol] });
          onDialed(socket);
          return socket;
        },
      },
      { random, ...rest.client },
    );
    client.link.open();
    await until(() => client.isConnected && ends[0]?.isConnected === true, "the session", 10_000);
    return new LinkPair(network, desk, client, ends);
  }

  get server(): NumberedEnd {
    const [server] = this.#sessions;
    if (server === undefined) throw new Error("There is no session.");
    return server;
  }

  get ends(): readonly [NumberedEnd, NumberedEnd] {
    return [this.client, this.server];
  }

  get isConnected(): boolean {
    return this.client.isConnected && this.server.isConnected;
  }

  /** Everything has arrived that was sent. */
  get isQuiet(): boolean {
    const { client, server } = this;
    return server.receiver.highest === client.sender.sent && client.receiver.highest === server.sender.sent;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { link } of [this.client, ...this.#sessions]) link.terminate();
    await this.network[Symbol.asyncDispose]();
    await this.desk[Symbol.asyncDispose]();
  }
}
