/** What a session that outlives its connections costs beside a plain connection: `npm run bench`. */
import { type LinkMode, OneWayLink } from "../test/chaos/one-way-link.ts";
import { compare } from "./compare.ts";

/** Sends from one end to the other over loopback, both in this process. */
function link(mode: LinkMode, messageBytes: number, count: number) {
  return {
    name: `${mode}, ${messageBytes.toLocaleString("en-US")} bytes`,
    prepare: async () => {
      const pair = await OneWayLink.open(mode);
      await pair.send(500, messageBytes);
      return async () => {
        await pair.send(count, messageBytes);
        await pair[Symbol.asyncDispose]();
        return count;
      };
    },
  };
}

for (const [messageBytes, count] of [
  [64, 20_000],
  [1_024, 20_000],
  [65_536, 300],
] as const) {
  const contenders = [link("plain", messageBytes, count), link("resume", messageBytes, count)];
  await compare(`A message over a link, ${messageBytes.toLocaleString("en-US")} bytes`, contenders);
}
