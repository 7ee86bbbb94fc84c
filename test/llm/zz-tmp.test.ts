import { it } from "vitest";
import { localStage } from "./interleaving-stage.ts";
it("x", async () => {
  let failed = 0;
  let first: unknown;
  for (let i = 0; i < 150; i++) {
    try {
      await localStage({"happenings":[{"kind":"say"},{"kind":"bargeIn"},{"kind":"say"},{"kind":"bargeIn"},{"kind":"letGo","which":1}],"answers":[["farewell"]]} as never);
    } catch (e) { failed++; first ??= e; }
  }
  console.log("failed", failed);
  if (first) throw first;
}, 60000);
