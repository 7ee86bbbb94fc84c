import { afterAll, expect } from "vitest";
import { leftOpenAfter, openHandles } from "./open-handles.ts";

// These two open their pipes when they are first asked for, and never close them.
void process.stdout;
void process.stderr;

// Taken before the test file is loaded; in a hook, vitest's own short timers would be counted too.
const before = openHandles();

// Setup files come first, so this runs after the afterAll of the test file itself.
afterAll(async () => {
  expect(await leftOpenAfter(before, 2_000), "the tests of this file left these open").toEqual([]);
});
