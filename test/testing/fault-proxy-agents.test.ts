import { serveAgents } from "trunkline/server";
import { FaultProxy } from "trunkline/testing/node";
import { expect, it } from "vitest";
import { assistantSession, RemoteClient } from "../proxy/remote-client.ts";
import { until } from "../support/settled.ts";

it("agents behind a fault proxy: a reset is one disconnected, with 1006", async () => {
  const server = await serveAgents({ port: 0, link: { windowMs: 0 } }, assistantSession);
  await using proxy = await FaultProxy.listen({ url: server.url });
  {
    await using client = await RemoteClient.connected(proxy.url);
    expect(await client.double(21)).toBe(42);
    proxy.reset();
    await until(() => client.disconnected.length > 0, "the client being disconnected");
    await client.connect();
    expect(await client.double(4)).toBe(8);
    expect(client.disconnected).toEqual([expect.objectContaining({ code: 1006 })]);
  }
  await server.close();
});

it("agents behind a fault proxy: tasks and frames work in slices of 1 to 7 bytes", async () => {
  const server = await serveAgents({ port: 0 }, assistantSession);
  await using proxy = await FaultProxy.listen({ url: server.url }, { seed: 3 });
  proxy.slice({ minBytes: 1, maxBytes: 7 });
  {
    await using client = await RemoteClient.connected(proxy.url);
    expect(await Promise.all([1, 2, 3].map((n) => client.double(n)))).toEqual([2, 4, 6]);
    expect(await client.echo("häppchenweise")).toBe("häppchenweise");
  }
  await server.close();
});
