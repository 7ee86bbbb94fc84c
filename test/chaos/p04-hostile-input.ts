import { attackServer } from "./hostile/attack-server.ts";
import { attackDecoder, type HostileCounts } from "./hostile/decoder.ts";
import { attackLinks } from "./hostile/links.ts";
import { attackSessions } from "./hostile/sessions.ts";
import type { Proof, Scale } from "./proof.ts";

const counts: Readonly<Record<Scale, HostileCounts>> = {
  small: { mutated: 10_000, made: 1_000 },
  full: { mutated: 1_000_000, made: 100_000 },
  soak: { mutated: 10_000_000, made: 1_000_000 },
};
/** For links, and for each kind of session: they take longer. */
const fewer: Readonly<Record<Scale, HostileCounts>> = {
  small: { mutated: 1_000, made: 100 },
  full: { mutated: 200_000, made: 20_000 },
  soak: { mutated: 2_000_000, made: 200_000 },
};
const rounds: Readonly<Record<Scale, number>> = { small: 1, full: 3, soak: 30 };

export const proofs: readonly Proof[] = [
  {
    id: "P4",
    title: "hostile bytes at the decoder, in both dialects",
    run: (context) => attackDecoder(context, counts[context.scale]),
  },
  {
    id: "P4",
    title: "hostile frames at links, of clients and of servers, plain and resuming",
    run: (context) => attackLinks(context, fewer[context.scale]),
  },
  {
    id: "P4",
    title: "hostile messages at a server's sessions, in plain mode",
    run: (context) => attackSessions(context, { counts: fewer[context.scale], resumes: false }),
  },
  {
    id: "P4",
    title: "hostile messages at a server's sessions that can be resumed",
    run: (context) => attackSessions(context, { counts: fewer[context.scale], resumes: true }),
  },
  {
    id: "P4",
    title: "attacks on the WebSocket layer by raw sockets",
    run: (context) => attackServer(context, rounds[context.scale]),
  },
];
