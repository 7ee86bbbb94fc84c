import { once } from "node:events";
import { afterEach, describe, expect, it, vi } from "vitest";
import { dial, dialing } from "../../src/proxy/dial.node.ts";
import { AskedServer, HandServer, Listener, offered, type Selection } from "./dial-stage.ts";

const protocols = [offered];
const line = (value: string) => `Sec-WebSocket-Protocol: ${value}`;

let server: (AsyncDisposable & { readonly url: string }) | undefined;
afterEach(async () => {
  await server?.[Symbol.asyncDispose]();
  server = undefined;
});

async function asked(select?: Selection): Promise<AskedServer> {
  const listening = await AskedServer.listen(select);
  server = listening;
  return listening;
}

async function byHand(lines: readonly string[], behind?: Uint8Array): Promise<HandServer> {
  const listening = await HandServer.listen(lines, behind);
  server = listening;
  return listening;
}

describe("a subprotocol that dial.node offers", () => {
  const none: Selection = () => false;
  const ours: Selection = () => offered;

  it.each([
    { says: "selects none", select: none, agreed: "" },
    { says: "selects it", select: ours, agreed: offered },
    { says: "does not care, and selects the first", select: undefined, agreed: offered },
  ])("is agreed on as %o", async ({ select, agreed }) => {
    const { url, asked: handshakes, accepted } = await asked(select);
    const socket = await dialing()(url, { protocols });
    expect(socket.protocol).toBe(agreed);
    expect(handshakes).toEqual([`/ws ${offered}`]);
    const listener = new Listener();
    socket.attach(listener);
    const [peer] = accepted;
    if (peer === undefined) throw new Error("the server has accepted nothing");
    const up = once(peer, "message");
    socket.send("control");
    expect((await up).map(String)).toEqual(["control", "false"]);
    peer.send("control");
    peer.send(new TextEncoder().encode("message"));
    peer.close(4000, "bye");
    await vi.waitFor(() => expect(listener.heard).toEqual(["text control", "binary message", "end 4000"]));
  });

  it("opens as well where nothing less will do; the socket says what was agreed", async () => {
    const { url, asked: handshakes } = await asked(none);
    const socket = await dial(url, { protocols, required: true });
    expect(socket.protocol).toBe("");
    expect(handshakes).toHaveLength(1);
    socket.terminate();
  });

  it("is one header, beside those of the caller, and no other", async () => {
    const { url, requests } = await byHand([line(offered)]);
    const socket = await dial(url, { protocols, headers: { authorization: "Bearer x" } });
    socket.terminate();
    const names = requests[0]?.split("\r\n").map((text) => text.split(": ")[0]?.toLowerCase() ?? "") ?? [];
    expect(names.filter((name) => name.startsWith("sec-")).sort()).toEqual([
      "sec-websocket-key",
      "sec-websocket-protocol",
      "sec-websocket-version",
    ]);
    expect(requests[0]).toContain("\r\nauthorization: Bearer x\r\n");
    expect(requests[0]).toContain(`\r\nsec-websocket-protocol: ${offered}\r\n`);
  });

  it.each([
    { lines: [], agreed: "" },
    { lines: [line(offered)], agreed: offered },
    { lines: [`SEC-WEBSOCKET-PROTOCOL:\t${offered}  `], agreed: offered },
  ])("is agreed on by hand with $lines, and loses nothing that follows at once", async ({ lines, agreed }) => {
    // An unmasked text frame, and one that closes with 1000.
    const { url } = await byHand(lines, Uint8Array.of(0x81, 2, 0x68, 0x69, 0x88, 2, 0x03, 0xe8));
    const socket = await dial(url, { protocols });
    expect(socket.protocol).toBe(agreed);
    const listener = new Listener();
    socket.attach(listener);
    await vi.waitFor(() => expect(listener.heard).toEqual(["text hi", "end 1000"]));
  });

  it.each([
    ["another", [line("chat")], '"chat"'],
    ["it in other letters", [line("Trunkline.Resume.V1")], '"Trunkline.Resume.V1"'],
    ["nothing, in so many words", [line("")], '""'],
    ["it twice", [line(offered), line(offered)], `"${offered}, ${offered}"`],
    ["it and another", [line(offered), line("chat")], `"${offered}, chat"`],
    ["a list", [line(`${offered}, chat`)], `"${offered}, chat"`],
    ["garbage", [line('\u0001"<&;=\\')], undefined],
    ["more than anybody reads", [line("x".repeat(8_000))], `"${"x".repeat(64)}…"`],
  ])("fails a server that selects %s", async (_what, lines, shown) => {
    const { url, sockets } = await byHand(lines);
    const error = await dial(url, { protocols }).catch((error) => error);
    expect(error).toMatchObject({ code: "TL_CONNECT_FAILED", message: expect.stringMatching(/^ws:\S+ .{1,160}\.$/) });
    if (shown !== undefined) {
      expect(error.message).toBe(`${url} selected the subprotocol ${shown}, which was not offered.`);
    }
    await vi.waitFor(() => expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true]));
  });

  it("fails a server of the library that selects another", async () => {
    const { url, accepted } = await asked(() => "chat");
    await expect(dial(url, { protocols })).rejects.toThrowError(
      /selected the subprotocol "chat", which was not offered/,
    );
    await vi.waitFor(() => expect(accepted.map(({ readyState }) => readyState)).toEqual([3]));
  });
});

it("dial.node fails a server that selects something where nothing was offered", async () => {
  const { url } = await byHand([line(offered)]);
  await expect(dial(url)).rejects.toMatchObject({
    code: "TL_CONNECT_FAILED",
    message: `${url} selected the subprotocol "${offered}", which was not offered.`,
  });
});

it.each(["Sec-WebSocket-Protocol", "sec-websocket-key", "SEC-WEBSOCKET-EXTENSIONS"])(
  "dial.node refuses the header %s, which is the handshake's own",
  async (name) => {
    const { url, requests } = await byHand([]);
    await expect(dial(url, { headers: { [name]: "x" } })).rejects.toMatchObject({
      code: "TL_INVALID_OPTION",
      message: expect.stringContaining(name),
    });
    expect(requests).toEqual([]);
  },
);
