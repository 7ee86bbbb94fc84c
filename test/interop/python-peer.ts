import type { WireDialect } from "trunkline";
import { PythonProgram } from "./python-program.ts";

export interface PeerOptions {
  readonly dialect: WireDialect;
  /** Name of its agent. */
  readonly local: string;
  /** Name of ours. */
  readonly remote: string;
  /** Where it connects to. Default: it serves. */
  readonly url?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Bridges of its agent: an empty list is all of them, null is no bridge. Default: all. */
  readonly bridges?: readonly string[] | null | undefined;
  readonly inactive?: boolean | undefined;
  /** Which messages its proxy forwards, by their short names in the peer's program. Default: frames. */
  readonly forward?: readonly string[] | undefined;
}

/** A Python process with the package's own runner, agent and proxy. */
export class PythonPeer extends PythonProgram {
  constructor(options: PeerOptions) {
    const { dialect, local, remote, url, headers = {}, bridges = [], inactive = false, forward = ["Frame"] } = options;
    super(dialect, "peer.py", [
      ...["--local", local, "--remote", remote],
      ...["--headers", JSON.stringify(headers), "--bridges", JSON.stringify(bridges)],
      ...["--forward", JSON.stringify(forward)],
      ...(url === undefined ? [] : ["--url", url]),
      ...(inactive ? ["--inactive"] : []),
    ]);
  }
}
