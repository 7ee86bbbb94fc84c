import { once } from "node:events";
import { connect, createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { leftOpen, leftOpenAfter, openHandles } from "./open-handles.ts";

describe("the check for what a test leaves open", () => {
  it("sees a server and both ends of a connection until they are closed", async () => {
    const before = openHandles();
    const server = createServer((socket) => socket.resume()).listen(0, "127.0.0.1");
    await once(server, "listening");
    const client = connect((server.address() as { port: number }).port, "127.0.0.1");
    await Promise.all([once(client, "connect"), once(server, "connection")]);
    expect(await leftOpenAfter(before, 0)).toEqual(expect.arrayContaining(["1 TCPServerWrap", "2 TCPSocketWrap"]));
    client.destroy();
    server.close();
    expect(await leftOpenAfter(before, 2_000)).toEqual([]);
  });

  it("sees a timer that is still to fire, and passes over one that keeps nobody waiting", () => {
    const before = openHandles();
    const timer = setTimeout(() => {}, 60_000);
    expect(leftOpen(before, openHandles())).toEqual(["1 Timeout"]);
    timer.unref();
    expect(leftOpen(before, openHandles())).toEqual([]);
    clearTimeout(timer);
  });

  it("sees a signal listener", () => {
    const before = openHandles();
    const listener = (): void => {};
    process.on("SIGINT", listener);
    expect(leftOpen(before, openHandles())).toContain("1 SIGINT listener");
    process.off("SIGINT", listener);
    expect(leftOpen(before, openHandles()).join()).not.toContain("listener");
  });
});
