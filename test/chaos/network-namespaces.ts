import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { promisify } from "node:util";
import type { EndName } from "./numbered-end.ts";

const ends = ["client", "server"] as const;
const device = "link0";
const addresses: Readonly<Record<EndName, string>> = { client: "192.0.2.1", server: "192.0.2.2" };
const run = promisify(execFile);

export interface PacketCounts {
  readonly sent: number;
  /** Of those that were sent. */
  readonly dropped: number;
}

/** Two network namespaces and the one link between them, which can be taken down and can lose packets. */
export class NetworkNamespaces implements AsyncDisposable {
  /** Those of a process that was killed are known by its id. */
  readonly #prefix = `trunkline-${process.pid}-${randomBytes(3).toString("hex")}`;

  private constructor() {}

  /** Rejects, and leaves nothing behind, where it is not allowed or the commands of iproute2 are missing. */
  static async made(): Promise<NetworkNamespaces> {
    await removeLeftOver();
    const made = new NetworkNamespaces();
    try {
      await made.#make();
      return made;
    } catch (error) {
      await made[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Why there can be none here, or none that lose packets; undefined where there can. Found out by making some. */
  static async unavailable(loss: number): Promise<string | undefined> {
    try {
      await using made = await NetworkNamespaces.made();
      if (loss > 0) await made.lose(loss);
      const [command, ...args] = made.inside("client");
      await execute(command, [...args, "ip", "-V"]);
      return undefined;
    } catch (error) {
      const wanted = loss > 0 ? "a link that loses packets" : "a link";
      return `Two network namespaces with ${wanted} cannot be made here: ${(error as Error).message}`;
    }
  }

  /** What to put before a command so that it runs at this end. */
  inside(end: EndName): readonly [command: string, ...args: string[]] {
    return ["ip", "netns", "exec", this.#name(end)];
  }

  address(end: EndName): string {
    return addresses[end];
  }

  /** The link as seen from one end; nothing crosses it unless it is up at both. */
  async link(end: EndName, state: "up" | "down"): Promise<void> {
    await execute("ip", ["-n", this.#name(end), "link", "set", device, state]);
  }

  /** From now on each packet is dropped with this probability, either way. The kernel draws, so no seed repeats it. */
  async lose(probability: number): Promise<void> {
    // Load a random word; above the threshold accept the packet (0), else drop it (2).
    const program = `4,32 0 0 4294963256,37 0 1 ${Math.round(probability * 2 ** 32)},6 0 0 0,6 0 0 2`;
    for (const end of ends) {
      await this.#tc(end, "qdisc", "add", "dev", device, "clsact");
      await this.#tc(end, "filter", "add", "dev", device, "egress", "bpf", "direct-action", "bytecode", program);
    }
  }

  /** No more packets are lost. Resolves with how many were, both ways together. */
  async loseNoMore(): Promise<PacketCounts> {
    let [sent, dropped] = [0, 0];
    for (const end of ends) {
      const counts = await this.#tc(end, "-j", "-s", "qdisc", "show", "dev", device, "clsact");
      const [{ packets, drops }] = JSON.parse(counts) as [{ packets: number; drops: number }];
      sent += packets;
      dropped += drops;
      await this.#tc(end, "qdisc", "del", "dev", device, "clsact");
    }
    return { sent, dropped };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(ends.map((end) => remove(this.#name(end))));
  }

  async #make(): Promise<void> {
    for (const end of ends) await execute("ip", ["netns", "add", this.#name(end)]);
    const [client, server] = ends.map((end) => this.#name(end)) as [string, string];
    await execute("ip", ["-n", client, "link", "add", device, "type", "veth", "peer", "name", device, "netns", server]);
    for (const end of ends) {
      const here = ["-n", this.#name(end)];
      await execute("ip", [...here, "address", "add", `${addresses[end]}/30`, "dev", device]);
      // Otherwise what is dropped is not one packet but 64 KiB of them.
      await execute("ip", [...here, "link", "set", device, "gso_max_segs", "1"]);
      await this.link(end, "up");
    }
  }

  #name(end: EndName): string {
    return `${this.#prefix}-${end}`;
  }

  async #tc(end: EndName, ...args: readonly string[]): Promise<string> {
    return await execute("tc", ["-n", this.#name(end), ...args]);
  }
}

async function execute(command: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await run(command, args);
    return stdout;
  } catch (error) {
    const { code, stderr, message } = error as Error & { readonly code?: unknown; readonly stderr?: string };
    const why = code === "ENOENT" ? "there is no such command" : stderr?.trim().split("\n")[0] || message;
    throw new Error(`${command}: ${why}.`, { cause: error });
  }
}

/** With the namespace goes its end of the link, and so the other one. */
async function remove(name: string): Promise<void> {
  // There may be none, as making it is what failed.
  await run("ip", ["netns", "delete", name]).catch(() => {});
}

/** What is left of processes that were killed. */
async function removeLeftOver(): Promise<void> {
  const names = (await execute("ip", ["netns", "list"])).matchAll(/^trunkline-(\d+)-\S+/gm);
  for (const [name, id] of names) if (!isAlive(Number(id))) await remove(name);
}

function isAlive(id: number): boolean {
  try {
    return process.kill(id, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
