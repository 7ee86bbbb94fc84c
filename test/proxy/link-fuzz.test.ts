import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bytes, clientLink, connected, type Observed, Peer, serverLink, tcpOf } from "./link-harness.ts";

let peer: Peer;
beforeAll(async () => {
  peer = await Peer.listen();
});
afterAll(() => peer.close());

type Step =
  | { readonly do: "send"; readonly from: "client" | "server"; readonly size: number }
  | { readonly do: "text" | "turn" | "open" }
  | { readonly do: "close" | "terminate"; readonly from: "client" | "server" }
  | { readonly do: "cutCable" };

const side = fc.constantFrom("client" as const, "server" as const);
const send = fc.record({ do: fc.constant("send" as const), from: side, size: fc.integer({ min: 4, max: 3_000 }) });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: send },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom("text" as const, "turn" as const, "open" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("close" as const, "terminate" as const), from: side }) },
  { weight: 1, arbitrary: fc.constant({ do: "cutCable" as const }) },
);

const turn = () => new Promise((resolve) => setImmediate(resolve));

function numbered(number: number, size: number): Uint8Array {
  const message = new Uint8Array(size);
  new DataView(message.buffer).setUint32(0, number);
  return message;
}

it("whatever happens in whatever order: one ending each, no send left hanging, nothing out of order or twice", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const options = { maxFrameBytes: 2_000, closeTimeoutMs: 200 };
      const client = clientLink(peer.url, options);
      client.link.open();
      const websocket = await peer.next();
      const ends = { client, server: serverLink(websocket, options) };
      const sends: Promise<unknown>[] = [];
      let number = 0;
      for (const step of steps) {
        if (step.do === "send") {
          const sent = ends[step.from].link.send(numbered(number++, step.size));
          sends.push(sent.catch((error: { code: string }) => expect(error.code).toMatch(/^TL_/)));
        } else if (step.do === "close") sends.push(ends[step.from].link.close());
        else if (step.do === "terminate") ends[step.from].link.terminate();
        else if (step.do === "open") ends.server.link.open();
        else if (step.do === "cutCable") websocket.terminate();
        else await turn();
      }
      ends.server.link.open();
      await Promise.all([client.link.close(), ends.server.link.close(), ...sends]);
      for (const { endings, messages, faults, link } of Object.values(ends)) {
        expect(endings).toHaveLength(1);
        expect(link.state).toBe("closed");
        expect(faults).toEqual([]);
        const order = messages.map((message) => new DataView(message.buffer, message.byteOffset).getUint32(0));
        expect(order).toEqual([...new Set(order)].sort((a, b) => a - b));
      }
    }),
    { numRuns: 150 },
  );
});

async function endOf(client: Observed): Promise<void> {
  await client.link.closed;
  expect(client.endings).toHaveLength(1);
  expect(client.faults).toEqual([]);
}

it("K18: garbage below the WebSocket ends the link once and throws nowhere", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (garbage) => {
      const client = clientLink(peer.url, { closeTimeoutMs: 100 });
      client.link.open();
      const websocket = await peer.next();
      await client.untilOpen();
      const tcp = tcpOf(websocket);
      tcp.write(garbage);
      tcp.end();
      await endOf(client);
      websocket.terminate();
    }),
    { numRuns: 100 },
  );
});

it("any bytes cross unchanged", async () => {
  const { client, server } = await connected(peer);
  let count = 0;
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 5_000 }), async (message) => {
      count += 1;
      await client.link.send(message);
      await server.until(() => server.messages.length === count);
      expect(Buffer.compare(server.messages[count - 1] as Uint8Array, message)).toBe(0);
    }),
    { numRuns: 200 },
  );
  await client.link.send(bytes("end"));
  await client.link.close();
});
